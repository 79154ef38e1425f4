"""What a broker's word about an order makes happen to it."""

from __future__ import annotations

from decimal import Decimal

from midas.execution.broker import BrokerOrder, BrokerState
from midas.execution.order_events import Acknowledged, Canceled, Expired, OrderEvent, Refused

OVER = frozenset({BrokerState.FILLED, BrokerState.CANCELED, BrokerState.EXPIRED})
"""States after which the broker executes no more of an order, and may still tell of what it executed before."""


def events_of(told: BrokerOrder, booked: Decimal) -> tuple[OrderEvent, ...]:
    """Return the events of a report, in order, for an order of which `booked` is booked as executed.

    Quantities and money come from the executions alone, and until those are booked an order is not over: who closes
    what is held would go by a position that nobody knows. A refused order never was at work, so nothing is
    acknowledged.
    """
    known = Acknowledged(told.number)
    if told.state is BrokerState.REJECTED:
        return (Refused(told.reason or "rejected"),)
    if told.state not in OVER or told.filled != booked:
        return (known,)
    if told.state is BrokerState.FILLED and not booked:
        return (known,)
    return known, end_of(told)


def end_of(told: BrokerOrder) -> OrderEvent:
    """Return how an order ended that its broker executes no more of; filled only if what is booked fills it."""
    # filled with less than was asked for: of what closes a position, the position was smaller
    return Canceled() if told.state is BrokerState.CANCELED else Expired(told.reason)
