"""Orders at the paper broker as plain values and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from midas.core.instrument import InstrumentId
from midas.core.order import OrderKind, Origin, Side, TimeInForce
from midas.execution.broker import BrokerState, Ticket


@dataclass(slots=True)
class Working:
    """An order at the paper broker; `arrives_utc` is when it reaches the market, `session` the first it met.

    origin : why it is the broker's own, None where someone sent it. reached : its stop price was.
    cancelled_utc : when a cancel of it arrives.
    """

    number: str
    ticket: Ticket
    column: int
    placed_utc: datetime
    arrives_utc: datetime
    state: BrokerState = BrokerState.OPEN
    filled: Decimal = Decimal(0)
    reason: str = ""
    session: date | None = None
    origin: Origin | None = None
    reached: bool = False
    cancelled_utc: datetime | None = None


def orders_to(orders: Iterable[Working]) -> list[list[Any]]:
    """Return orders as lists of texts and numbers."""
    return [
        [
            order.number, order.column, order.placed_utc.isoformat(), order.arrives_utc.isoformat(),
            order.state.value, str(order.filled), order.reason, order.session and order.session.isoformat(),
            ticket_to(order.ticket), order.origin and order.origin.value, order.reached,
            order.cancelled_utc and order.cancelled_utc.isoformat(),
        ]
        for order in orders
    ]  # fmt: skip


def orders_from(rows: Sequence[Sequence[Any]]) -> list[Working]:
    """Return the orders of `orders_to`."""
    return [
        Working(
            number, ticket_from(ticket), column, datetime.fromisoformat(placed), datetime.fromisoformat(arrives),
            BrokerState(state), Decimal(filled), reason, date.fromisoformat(session) if session else None,
            Origin(origin) if origin else None, reached,
            datetime.fromisoformat(cancelled) if cancelled else None,
        )
        for number, column, placed, arrives, state, filled, reason, session, ticket, origin, reached, cancelled in rows
    ]  # fmt: skip


def ticket_to(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as texts."""
    return {
        "id": ticket.id, "instrument": str(ticket.instrument), "side": ticket.side.value,
        "quantity": str(ticket.quantity), "kind": ticket.kind.value, "time_in_force": ticket.time_in_force.value,
        "limit_price": _text(ticket.limit_price), "stop_price": _text(ticket.stop_price),
        "reduce_only": ticket.reduce_only,
    }  # fmt: skip


def ticket_from(values: Mapping[str, Any]) -> Ticket:
    """Return the ticket of `ticket_to`."""
    return Ticket(
        values["id"], InstrumentId.parse(values["instrument"]), Side(values["side"]), Decimal(values["quantity"]),
        OrderKind(values["kind"]), TimeInForce(values["time_in_force"]), _number(values["limit_price"]),
        _number(values["stop_price"]), values["reduce_only"],
    )  # fmt: skip


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _number(price: str | None) -> Decimal | None:
    return None if price is None else Decimal(price)
