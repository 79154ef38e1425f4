"""The port through which orders go out: small, so that every broker, the paper one included, can keep it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from midas.core.instrument import InstrumentId
from midas.core.order import Cause, OrderKind, Origin, Side, TimeInForce


class ClientIds(StrEnum):
    """What a broker does with an id of ours: refuses a second order with it, repeats it as a label, or takes none."""

    UNIQUE = "unique"
    LABEL = "label"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a broker can do; everything that differs between brokers is a field here, never a test of its name.

    cumulative_fills : its `BrokerFill`s tell the totals of their order up to then, not one execution. streams : it
    tells of fills by itself. orders_per_s, cancels_per_s : its limits, 0 for none. protections : it watches
    exits itself; else we do.
    cuts_purchases : it fills purchases as far as the cash goes, so that no order is refused for want of it.
    cuts_sales : of a sale it holds back by itself what was bought too late to be sold yet.
    cancels_at_once : what was cancelled cannot fill any more when the call returns.
    late_horizon_s : how long after sending an order may still show up.
    """

    client_ids: ClientIds
    kinds: frozenset[OrderKind]
    times_in_force: frozenset[TimeInForce]
    cumulative_fills: bool = False
    streams: bool = True
    protections: bool = False
    orders_per_s: float = 0.0
    cancels_per_s: float = 0.0
    late_horizon_s: float = 60.0
    cuts_purchases: bool = False
    cuts_sales: bool = False
    cancels_at_once: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a broker sees it; `id` is ours."""

    id: str
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    kind: OrderKind
    time_in_force: TimeInForce
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False


class BrokerState(StrEnum):
    """Where a broker says an order is."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as its broker tells it.

    number : the broker's. client_id : ours, "" where it keeps none. filled : quantity filled in all. placed_utc : when
    it reached the broker. reason : why it was refused. origin : what made the broker order by itself, None where
    someone sent it.
    """

    number: str
    client_id: str
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    kind: OrderKind
    limit_price: Decimal | None
    state: BrokerState
    filled: Decimal
    placed_utc: datetime
    reason: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class BrokerFill:
    """An execution as its broker tells it; amounts in minor units of the currency.

    Of a broker with `cumulative_fills` it is all that was executed of the order so far: quantity, value, commission and
    tax are totals, price their average, and `execution` is not looked at (see `execution.executions`).
    left : what was still wanted behind it, 0 where the broker does not say. A split makes more shares of an order that
    waits, so that it is not over with the quantity it was sent with.
    """

    execution: str
    number: str
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    price: Decimal
    value: int
    commission: int
    tax: int
    stamp_utc: datetime
    cause: Cause | None = None
    left: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bust:
    """An execution the broker took back."""

    execution: str
    number: str


@dataclass(frozen=True, slots=True)
class CashMove:
    """Money or shares that moved without an order: a dividend, a split, interest, a fee.

    kind : a `portfolio.booking.MoveKind`'s value. amount : minor units paid in. quantity : what is held of
    the instrument afterwards, None where that did not change. reference : the broker's number of it, unique.
    """

    reference: str
    kind: str
    instrument: InstrumentId | None
    amount: int
    quantity: Decimal | None
    stamp_utc: datetime


Report = BrokerOrder | BrokerFill | Bust | CashMove
"""What a broker tells by itself."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a broker says an account has, read at one moment: cash in minor units, quantities by instrument."""

    cash: int
    quantities: dict[InstrumentId, Decimal] = field(default_factory=dict)


class DefiniteNo(Exception):
    """The broker clearly refused: nothing is at work there. `code` is its reason in our words."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class NotSent(DefiniteNo):
    """No byte left this machine: nothing happened, and it may be sent again while it is valid."""


class Ambiguous(Exception):
    """Nobody knows whether the broker has it: a timeout, a reset, a 5xx, a body that makes no sense."""


class Broker(Protocol):
    """Orders out, truth in. Every call may take long or fail; what it raises tells what is known.

    Reading calls raise `Ambiguous` when they failed: no answer is never an empty answer.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    async def submit(self, ticket: Ticket) -> str:
        """Place an order and return the broker's number of it.

        Raises
        ------
        NotSent, DefiniteNo, Ambiguous: see there; any other exception counts as `Ambiguous`.
        """
        ...

    async def cancel(self, number: str) -> None:
        """Ask to cancel. The order ends when the broker says so, not when this returns.

        Raises
        ------
        NotSent, DefiniteNo, Ambiguous: see there.
        """
        ...

    async def find(self, client_id: str) -> BrokerOrder | None:
        """Return the order with our id; None where there is none. Only of brokers that keep our id."""
        ...

    async def orders(self) -> Sequence[BrokerOrder]:
        """Return today's orders, all of them, whatever became of them."""
        ...

    async def fills(self, since_utc: datetime) -> Sequence[BrokerFill | Bust | CashMove]:
        """Return what was executed, taken back or paid from `since_utc` on, oldest first."""
        ...

    async def holdings(self) -> Holdings:
        """Return cash and positions."""
        ...

    def reports(self) -> AsyncIterator[Report]:
        """Yield what happens, as it happens: duplicates, gaps and disorder included.

        It ends when the connection is lost; what was missed then is read with `orders` and `fills`.
        """
        ...
