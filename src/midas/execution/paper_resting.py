"""The paper broker's orders that wait for their price, as the matching kernel reads them, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderKind, Reject, Side, TimeInForce
from midas.execution.broker import BrokerState
from midas.execution.paper_state import Working
from midas.kernels.account import RESTING_FIELDS
from midas.kernels.resting import AT_MOST, COLUMN, FROM, INSIDE, NUMBERED, REASON, REDUCES, WANTED, WHEN
from midas.portfolio.journal import REASONS

DROPPED = frozenset({Reject.NO_CASH, Reject.MARGIN, Reject.SHORT_BANNED})
"""Why what is left of an order that waits is dropped though its price was there, as the backtest does."""

Resting = NDArray[np.float64]
NOTHING: Resting = np.zeros((0, RESTING_FIELDS))


def resting_of(orders: Sequence[Working]) -> Resting:
    """Return orders as `kernels.resting` has them."""
    if not orders:
        return NOTHING
    table = np.zeros((len(orders), RESTING_FIELDS))
    for row, order in zip(table, orders, strict=True):
        ticket, wanted = order.ticket, float(order.ticket.quantity - order.filled)
        row[COLUMN], row[WANTED] = order.column, wanted if ticket.side is Side.BUY else -wanted
        row[AT_MOST] = nan if ticket.limit_price is None else float(ticket.limit_price)
        row[FROM] = nan if ticket.stop_price is None or order.reached else float(ticket.stop_price)
        row[REDUCES] = ticket.reduce_only
    return table


def place_of(number: int) -> int:
    """Return the place of the order that an entry of the journal with this number is of, below 0 for none."""
    return NUMBERED - number


def inside(row: Resting) -> bool:
    """Tell whether an order traded inside its bar, not at its open."""
    return bool(row[WHEN] == INSIDE)


def reached(order: Working, row: Resting) -> bool:
    """Tell whether the stop price of an order was reached."""
    return order.ticket.stop_price is not None and bool(np.isnan(row[FROM]))


def end_of(order: Working, row: Resting, held: float, *, shorts: bool) -> tuple[BrokerState, str] | None:
    """Return how an order ended on a bar it met, and why, or None where it waits on; `held` is the position after it.

    One that only closes a position is over with it, so that no stop is left alone.
    """
    ticket = order.ticket
    if order.filled >= ticket.quantity:
        return BrokerState.FILLED, ""
    why = REASONS[int(row[REASON]) - 1] if row[REASON] > 0.0 else None
    if why in DROPPED:
        return BrokerState.EXPIRED, why.value
    if ticket.reduce_only or (ticket.side is Side.SELL and not shorts):
        guarded = held < 0.0 if ticket.side is Side.BUY else held > 0.0
        if not guarded:
            return BrokerState.CANCELED, "position_closed"
    if ticket.time_in_force is TimeInForce.NEXT:
        return BrokerState.EXPIRED, "" if why is None else why.value
    return None


def waits(kind: OrderKind) -> bool:
    """Tell whether an order of a kind waits for its price."""
    return kind in (OrderKind.LIMIT, OrderKind.STOP)
