"""Our books beside the broker's: what differs, and what nobody can explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from midas.core.instrument import InstrumentId
from midas.core.order import OrderState
from midas.execution.broker import BrokerOrder, BrokerState, Holdings
from midas.execution.order_row import OrderRow


class Difference(StrEnum):
    """What kind of difference."""

    FOREIGN_ORDER = "foreign_order"
    MISSING_ORDER = "missing_order"
    FILLED = "filled"
    POSITION = "position"
    CASH = "cash"
    UNATTRIBUTED = "unattributed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: `subject` is an order, a number or an instrument; `instrument` is "" for cash.

    Two findings are the same when they differ by as much, `gap`: while an account trades, both sides move.
    """

    kind: Difference
    subject: str
    instrument: str
    ours: str = field(compare=False)
    theirs: str = field(compare=False)
    gap: Decimal = Decimal(0)

    @property
    def text(self) -> str:
        return f"{self.kind} {self.subject}: {self.ours} by our books, {self.theirs} by the broker's"


@dataclass(frozen=True, slots=True)
class Ours:
    """What we believe; cash in minor units.

    rows : orders that did not end, and those the broker tells of, by our id. numbers : our ids by the broker's number.
    unattributed : numbers with executions that are of no order we know.
    """

    rows: Mapping[str, OrderRow]
    numbers: Mapping[str, str]
    cash: int
    quantities: Mapping[InstrumentId, Decimal]
    unattributed: Mapping[str, InstrumentId | None]


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the broker told in one go; each part whole."""

    orders: Sequence[BrokerOrder]
    holdings: Holdings


_AT_BROKER = (OrderState.OPEN, OrderState.PARTIAL, OrderState.PENDING_CANCEL, OrderState.ADOPTED_LATE)


def compare(ours: Ours, theirs: Theirs) -> frozenset[Finding]:
    """Return every difference; nothing is changed, and equal books give none.

    An UNKNOWN order is no difference: it is being looked for. Orders the broker refused are none of its orders.
    """
    return frozenset(
        [
            *_foreign(ours, theirs.orders),
            *_missing(ours, theirs.orders),
            *_filled(ours, theirs.orders),
            *_positions(ours.quantities, theirs.holdings.quantities),
            *_cash(ours.cash, theirs.holdings.cash),
            *_unattributed(ours),
        ]
    )


def _foreign(ours: Ours, orders: Sequence[BrokerOrder]) -> list[Finding]:
    return [
        Finding(Difference.FOREIGN_ORDER, order.number, str(order.instrument), "unknown", order.state.value)
        for order in orders
        if order.number not in ours.numbers and (order.state is BrokerState.OPEN or order.filled)
    ]


def _missing(ours: Ours, orders: Sequence[BrokerOrder]) -> list[Finding]:
    told = {order.number for order in orders}
    return [
        Finding(Difference.MISSING_ORDER, row.id, str(row.intent.instrument), row.state.value, "not listed")
        for row in ours.rows.values()
        if row.state in _AT_BROKER and row.number not in told
    ]


def _filled(ours: Ours, orders: Sequence[BrokerOrder]) -> list[Finding]:
    found = []
    for order in orders:
        row = ours.rows.get(ours.numbers.get(order.number, ""))
        if row is not None and row.filled != order.filled:
            name = str(order.instrument)
            found.append(_gap(Difference.FILLED, row.id, name, row.filled, order.filled))
    return found


def _positions(ours: Mapping[InstrumentId, Decimal], theirs: Mapping[InstrumentId, Decimal]) -> list[Finding]:
    none = Decimal(0)
    return [
        _gap(Difference.POSITION, str(name), str(name), ours.get(name, none), theirs.get(name, none))
        for name in ours.keys() | theirs.keys()
        if ours.get(name, none) != theirs.get(name, none)
    ]


def _cash(ours: int, theirs: int) -> list[Finding]:
    return [] if ours == theirs else [_gap(Difference.CASH, "cash", "", Decimal(ours), Decimal(theirs))]


def _gap(kind: Difference, subject: str, instrument: str, ours: Decimal, theirs: Decimal) -> Finding:
    return Finding(kind, subject, instrument, f"{ours:f}", f"{theirs:f}", theirs - ours)


def _unattributed(ours: Ours) -> list[Finding]:
    return [
        Finding(Difference.UNATTRIBUTED, number, str(instrument or ""), "no order", "an execution")
        for number, instrument in ours.unattributed.items()
    ]
