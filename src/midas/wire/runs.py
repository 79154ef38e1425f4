"""Runs: which strategy trades which account on which market, and how it stands."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field, JsonValue

from midas.wire.accounts import MOST_LATENCY_MS
from midas.wire.run_options import DealingOptions
from midas.wire.shape import Answer, Question, Scalar
from midas.wire.strategies import StrategyRef

RunWord = Literal["draft", "paper", "armed", "live", "paused", "stopped"]


class RunRequest(Question):
    """What to trade. The fields a backtest has mean the same as there; `feed` is where the market comes from.

    `replay:START..END@SPEED` tells the past again: speed 1 as it happened, none as fast as it goes. `follow` begins
    behind the last bar of the dataset and goes on with each that is added later, `follow:START` with a session; what is
    stored names the session. `account` is made when there is none of that name, with `initial_capital` and
    `latency_ms`; `allotment` is what this run trades with, null for all.
    `style` is how its orders come to market: `open`, `touch` for a limit at the last price, `twap:30m`, `twap:2h/8`
    or `vwap:30m` for slices over bars within the day.
    """

    account: str = Field(default="paper", min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_-]*$")
    strategy: StrategyRef
    params: dict[str, Scalar] = Field(default={}, max_length=100)
    universe: str | None = Field(default=None, max_length=64)
    symbols: list[str] = Field(default=[], max_length=10_000)
    timeframe: str | None = Field(default=None, max_length=8)
    feed: str = Field(max_length=200)
    initial_capital: Decimal | None = None
    allotment: Decimal | None = None
    commission_bps: float | None = None
    slippage_bps: float = 0.0
    lots: Literal["whole", "fractional"] = "whole"
    dealing: DealingOptions = DealingOptions()
    draft: bool = False
    style: str = Field(default="open", max_length=32)
    latency_ms: int | None = Field(default=None, ge=0, le=MOST_LATENCY_MS)


class RunArm(Question):
    """To be allowed to trade real money; `confirm_live` says that it is meant."""

    confirm_live: bool = False


class RunStop(Question):
    """Why a run is stopped or paused; it goes to the audit trail."""

    reason: str = Field(default="asked by its owner", min_length=1, max_length=500)


class Run(Answer):
    """A run. `row` counts the bars it decided on, `at` is the market's time of the last; null before the first.

    `parity` is what its trades came to beside the backtest's when the trader last looked: the same, other ones that are
    explained, or some that are not; null before it did.
    """

    id: str
    account: str
    strategy: str
    state: RunWord
    reason: str
    feed: str
    universe: str | None
    symbols: list[str]
    created_at: datetime
    row: int | None
    at: datetime | None
    parity: Literal["same", "explained", "unexplained"] | None


class ParityNote(Answer):
    """What the trader last found beside the backtest, through a session, in one sentence; see `Parity`."""

    through: date
    told_at: datetime
    trades: int
    differing: int
    total: Decimal
    unexplained: Decimal
    sentence: str


class Held(Answer):
    """What an account holds of an instrument, at what it cost on average."""

    instrument: str
    quantity: Decimal
    average_price: Decimal | None


class AuditLine(Answer):
    """A line of the audit trail: who did what to what, and what they knew."""

    n: int
    at: datetime
    who: str
    act: str
    subject: str
    detail: dict[str, JsonValue]


class Following(Answer):
    """How far a dataset that is followed was told.

    `last_bar` is when the last bar closed, `since` since when more is waited for; both null before the trader came to
    it. `corrected` counts rows that changed after they were told, `late` those that came behind later ones: neither is
    told again, the audit trail says which they are.
    """

    version: str
    last_bar: datetime | None
    since: datetime | None
    corrected: int
    late: int


class RunStatus(Answer):
    """How a run and its account stand. `trader` tells whether a process trades the account now.

    Money is in `currency`; `equity` is that of the last bar. `kill` is the strongest switch that is pulled.
    `quarantined` names what nobody could explain, with the reason. `alerts` are the latest lines of the account's trail
    that ask for a person, oldest first. `following` is null but for a run that follows a dataset and is not
    over.
    """

    run: Run
    trader: bool
    kill: str
    currency: str
    cash: Decimal
    equity: Decimal | None
    positions: list[Held]
    orders_open: int
    orders_unknown: int
    orders: int
    fills: int
    quarantined: dict[str, str]
    parity: ParityNote | None
    alerts: list[AuditLine]
    following: Following | None
