"""What is asked once more at the socket: whether this order may go out now."""

from __future__ import annotations

from typing import Protocol

from midas.execution.order_row import OrderRow
from midas.risk.verdict import Denial, Verdict

WAITS = frozenset(
    {
        Denial.NOT_RECONCILED,
        Denial.STALE_SNAPSHOT,
        Denial.STALE_QUOTE,
        Denial.ORDER_RATE,
    }
)
"""Refusals that pass by themselves: the order stays stored until they do, or until it is no longer valid."""


class Guard(Protocol):
    """Gate and kill switch, asked when an order is about to be sent; answers at once, without waiting."""

    def judge(self, row: OrderRow) -> Verdict: ...
