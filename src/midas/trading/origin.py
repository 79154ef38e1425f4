"""Who an order is from, and the orders a broker makes by itself as rows of ours."""

from __future__ import annotations

from typing import Final

from midas.core.order import OrderIntent, OrderState, Origin, TimeInForce
from midas.execution.broker import BrokerOrder
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.risk.question import FLATTEN_LEG

BROKERS_OWN: Final = frozenset({Origin.REINVESTMENT, Origin.MARGIN_CALL})
"""Origins of orders nobody sent."""


def origin_of(intent: OrderIntent) -> Origin:
    """Return who an order is from."""
    word = intent.leg.partition(" ")[0]
    if word in BROKERS_OWN:
        return Origin(word)
    if intent.leg == FLATTEN_LEG:
        return Origin.KILL_SWITCH
    return Origin.RUN if intent.run else Origin.HAND


def adopted(told: BrokerOrder, origin: Origin, account: str) -> OrderRow:
    """Return an order that a broker made by itself as one of the account's; no gate judged it, nobody sent it."""
    intent = OrderIntent(
        account=account,
        run="",
        instrument=told.instrument,
        side=told.side,
        quantity=told.quantity,
        kind=told.kind,
        time_in_force=TimeInForce.NEXT,
        stamp_utc=told.placed_utc,
        valid_until_utc=told.placed_utc,
        leg=f"{origin} {told.number}",
        limit_price=told.limit_price,
    )
    return OrderRow(order_id(intent), intent, OrderState.OPEN, number=told.number)
