"""Parity: a run beside the backtest it should have been."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from midas.wire.shape import Answer

Because = Literal["signal", "timing", "price", "size", "cost", "rejected", "unexplained"]


class ParityTrade(Answer):
    """The executions of one order together; `price` is their average, `money` what they brought after costs."""

    quantity: float
    price: float
    money: Decimal


class ParityDifference(Answer):
    """A trade that is not its twin's. `run` or `twin` is null where it did not happen there.

    `session` is that of the decision, of an exit that of the trade; `side` is buy, sell or exit. `total` is the money
    the run got above its twin, and `parts` say why.
    """

    instrument: str
    session: date
    side: str
    run: ParityTrade | None
    twin: ParityTrade | None
    parts: dict[Because, Decimal]
    total: Decimal


class Parity(Answer):
    """A run compared with a backtest on what it saw, trade by trade through a session.

    Money is in `currency`; what the trades of the run brought, less what those of its twin did, is `total`, and
    `totals` add up to that. `differences` holds the first of them, `differing` counts all. `identity` names the
    backtest.
    """

    run: str
    through: date
    told_at: datetime
    identity: str
    currency: str
    trades: int
    differing: int
    run_money: Decimal
    twin_money: Decimal
    total: Decimal
    totals: dict[Because, Decimal]
    unexplained: Decimal
    sentence: str
    notes: list[str]
    differences: list[ParityDifference]
