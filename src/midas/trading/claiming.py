"""Which order is ours, at brokers that keep no id of ours: by what it is, and by what was there before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta

from midas.execution.broker import BrokerOrder, BrokerState
from midas.execution.order_row import OrderRow

SKEW = timedelta(minutes=5)
"""How far a broker's clock may be off ours."""


def claims(
    rows: Iterable[OrderRow], told: Iterable[BrokerOrder], claimed: Collection[str], horizon: timedelta
) -> dict[str, BrokerOrder]:
    """Return which of the broker's orders is which of ours, by our id, where only one can be.

    rows : of ours, without a number. claimed : numbers that are known to be ours. An order is ours when it looks the
    same (instrument, side, quantity, kind, limit price), its number was not told before ours was sent, and it was
    placed between then and `horizon` later, as far as clocks agree. Where two of ours or two of theirs could be meant,
    nothing is claimed: nobody knows.
    """
    free = [order for order in told if order.number not in claimed and order.state is not BrokerState.REJECTED]
    theirs = {row.id: [order for order in free if _looks_like(row, order, horizon)] for row in rows}
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for row_id, orders in theirs.items():
        for order in orders:
            wanted[order.number].append(row_id)
    alone = {row_id: orders[0] for row_id, orders in theirs.items() if len(orders) == 1}
    return {row_id: order for row_id, order in alone.items() if len(wanted[order.number]) == 1}


def possible(rows: Collection[OrderRow], told: Iterable[BrokerOrder], horizon: timedelta) -> set[str]:
    """Return the numbers of the broker's orders that could be any of ours."""
    return {order.number for order in told if any(_looks_like(row, order, horizon) for row in rows)}


def _looks_like(row: OrderRow, order: BrokerOrder, horizon: timedelta) -> bool:
    intent = row.intent
    same = (intent.instrument, intent.side, intent.quantity, intent.kind, intent.limit_price) == (
        order.instrument,
        order.side,
        order.quantity,
        order.kind,
        order.limit_price,
    )
    if not same or order.number in row.seen or row.sent_utc is None:
        return False
    return row.sent_utc - SKEW <= order.placed_utc <= row.sent_utc + horizon + SKEW
