"""What goes into the trading loop and what comes out of it, in a backtest, on paper and live alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from midas.core.order import Fill, OrderIntent, OrderState
from midas.execution.broker import CashMove
from midas.marketdata.feed import BarRow, CorporateAction, SessionEdge
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.verdict import Deny


@dataclass(frozen=True, slots=True)
class Filled:
    """An execution of one of the loop's orders was booked."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class Ended:
    """An order is over, or what was left of it was dropped: state and reason (`Reject` or `Denial` word)."""

    order: str
    state: OrderState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Money or shares moved without an order."""

    move: CashMove


@dataclass(frozen=True, slots=True)
class Switched:
    """The kill switch was pulled or released."""

    level: KillLevel
    stamp_utc: datetime


@dataclass(frozen=True, slots=True)
class Limited:
    """The owner set other limits: all of them hold from here on."""

    limits: tuple[Limits, ...]


LoopEvent = BarRow | SessionEdge | CorporateAction | Filled | Ended | Moved | Switched | Limited


@dataclass(frozen=True, slots=True)
class Submit:
    """Store and send this order; it passed the gate."""

    id: str
    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Cancel this order."""

    order: str
    reason: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The gate refused this order; it goes to the audit trail and nowhere else."""

    intent: OrderIntent
    verdict: Deny


Command = Submit | Withdraw | Denied
