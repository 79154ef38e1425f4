"""What of an order that did not trade is tried again, where names are traded by change."""

from __future__ import annotations

from midas.core.order import OrderIntent, OrderKind, OrderState, Reject
from midas.execution.loop_events import Ended
from midas.risk.verdict import Denial

RETRIED = frozenset(
    {
        Reject.NO_BAR,
        Reject.HALTED,
        Reject.NO_VOLUME,
        Reject.LOCKED_LIMIT,
        Reject.VOLUME_CAP,
        Reject.NOT_SELLABLE_YET,
    }
)
"""Reasons of an order, or a part of one, that found no market: it may be tried again."""

PASSING = frozenset(
    {
        Denial.KILLED,
        Denial.REDUCE_ONLY,
        Denial.NOT_ARMED,
        Denial.NOT_RECONCILED,
        Denial.QUARANTINED,
        Denial.STALE_SNAPSHOT,
        Denial.STALE_QUOTE,
        Denial.MISSING_DATA,
        Denial.MARKET_CLOSED,
        Denial.HALTED,
        Denial.ORDER_RATE,
        Denial.COOLDOWN,
        Denial.SELL_LOCKED,
    }
)
"""Refusals of the gate that may be over at the next bar."""

_UNMET = frozenset({OrderState.EXPIRED, OrderState.CANCELED, OrderState.NOT_PLACED})


def found_no_market(intent: OrderIntent, told: Ended) -> bool:
    """Tell whether an order ended for want of a market; one that stands for a position has nothing to try again."""
    if intent.kind is OrderKind.PROTECTION or told.state is OrderState.FILLED:
        return False
    if not told.reason:
        return told.state in _UNMET
    return told.reason in RETRIED or (intent.kind is OrderKind.LIMIT and told.reason == Reject.LIMIT_NOT_REACHED)
