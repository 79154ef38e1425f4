"""What a broker's word about an order makes happen to it."""

from __future__ import annotations

from midas.execution.broker import BrokerOrder, BrokerState
from midas.execution.order_events import Acknowledged, Canceled, Expired, OrderEvent, Refused


def events_of(told: BrokerOrder) -> tuple[OrderEvent, ...]:
    """Return the events of a report, in order.

    FILLED only says that the broker has it: quantities and money come from the executions alone. A refused order never
    was at work, so nothing is acknowledged.
    """
    match told.state:
        case BrokerState.REJECTED:
            return (Refused(told.reason or "rejected"),)
        case BrokerState.CANCELED:
            return Acknowledged(told.number), Canceled()
        case BrokerState.EXPIRED:
            return Acknowledged(told.number), Expired(told.reason)
        case _:
            return (Acknowledged(told.number),)
