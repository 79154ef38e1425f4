"""Backtests: what to run, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from midas.wire.luck import Luck
from midas.wire.shape import Answer, Number, Question, Scalar
from midas.wire.strategies import StrategyRef

SeriesName = Literal["equity", "fills", "trades", "positions", "rejects", "contributions"]
SeriesFormat = Literal["json", "csv", "parquet"]
Library = Literal["midas", "quantstats", "pyfolio", "freqtrade", "lean", "qlib"]
"""Whose measures: our own, or another library's by its own formulas."""


class DealingOptions(Question):
    """How an account deals with orders, cash and shares; the defaults are the plain rules.

    `slippage` adds models to slippage_bps: bps=5, half_spread=1tick, sqrt=0.1, volume_share=0.1, joined by commas.
    `cash_rate` is a year's interest on cash, `delisting_recovery` the share of the last price paid for a name that is
    gone, `entry_limit` makes purchases limit orders from the decision's close (-0.01: 1 % below), `carry` keeps what
    the market left of a scheduled order on order. `allow_short` sells negative weights short in a margin account, at
    `borrow_bps` a year. `settlement` venue lets the proceeds of a sale buy only what the venue lets them before they
    settle. `fill_at` close fills orders in the closing auction of the bar after the decision.
    """

    slippage: str = Field(default="", max_length=200)
    carry: bool = False
    cash_rate: float = 0.0
    delisting_recovery: float = 1.0
    reinvest_dividends: bool = False
    entry_limit: float | None = None
    allow_short: bool = False
    borrow_bps: float = 50.0
    initial_margin: float = 0.5
    maintenance_margin: float = 0.3
    settlement: Literal["ignore", "venue"] = "ignore"
    fill_at: Literal["open", "close"] = "open"


class BacktestRequest(Question):
    """What to run; null leaves the choice to the venue's tables or the data. Costs are in basis points.

    `account_currency` is that of the capital where it is not the market's: it is converted at the first decision's rate
    plus `conversion_bps`. `timeframe` is a bar's length, such as 5m; null is a day, or that of a dataset named in
    `universe`.
    """

    strategy: StrategyRef
    params: dict[str, Scalar] = Field(default={}, max_length=100)
    universe: str | None = Field(default=None, max_length=64)
    symbols: list[str] = Field(default=[], max_length=10_000)
    timeframe: str | None = Field(default=None, max_length=8)
    start: date | None = None
    end: date | None = None
    initial_capital: Decimal | None = None
    commission_bps: float | None = None
    slippage_bps: float = 0.0
    lots: Literal["whole", "fractional"] = "whole"
    benchmark: str | None = Field(default=None, max_length=64)
    account_currency: str | None = Field(default=None, max_length=3)
    conversion_bps: float = 10.0
    dealing: DealingOptions = DealingOptions()
    fresh: bool = False


class Backtest(Answer):
    """A stored result; ratios are plain numbers (0.12 is 12 %), money is in the venue's currency, undefined is null.

    `id` begins `identity`, the hash of everything the result depends on. `cached` is true where a run was answered
    with a result that was stored before. `luck` counts what was tried up to now; null in results of before it was.
    """

    id: str
    identity: str
    status: str
    strategy: str
    params: dict[str, Scalar]
    universe: str | None
    symbols: list[str]
    start: date | None
    end: date | None
    created_at: datetime
    summary: dict[str, Number]
    costs: dict[str, Number]
    warnings: list[str]
    luck: Luck | None = None
    rejects: dict[str, int]
    settings: dict[str, Scalar]
    cached: bool = False


class ComparedMeasure(Answer):
    """One measure of each compared backtest, in the order asked for."""

    measure: str
    unit: str
    values: list[Number]


class Comparison(Answer):
    """Backtests side by side."""

    ids: list[str]
    rows: list[ComparedMeasure]


class MeasureEntry(Answer):
    """What a measure is: its formula, what it counts, how a year is counted, and where trades still open come in.

    `name` is the measure's key, or the other library's own name; `unit` fraction: 0.12 is 12 %.
    """

    name: str
    label: str
    unit: str
    formula: str
    frequency: str
    day_count: str
    open_trades: str
    source: str


class MeasuredValue(Answer):
    """One measure of a result."""

    name: str
    unit: str
    formula: str
    value: Number


class Measured(Answer):
    """A result's measures by the formulas of a library, as of `version`; `fed` is what it is given of the run."""

    id: str
    library: Library
    version: str
    fed: str
    measures: list[MeasuredValue]
