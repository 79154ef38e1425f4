"""Which orders were stored lately, and how often they executed: what rates, duplicates and runaways go by."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from midas.core.order import Fill
from midas.execution.order_row import OrderRow
from midas.risk.snapshot import Recent

_MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Recents:
    """The orders of the last day, by the market's time."""

    def __init__(self) -> None:
        self._orders: dict[str, Recent] = {}
        self._by_age: deque[str] = deque()

    def begin(self, known: Iterable[Recent]) -> None:
        """Know what was ordered before this process began, oldest first."""
        for each in known:
            self._note(each)

    def stored(self, row: OrderRow, now_utc: datetime) -> None:
        """Note an order, once."""
        self._note(replace(recent_of(row), stored_utc=now_utc))

    def executed(self, fill: Fill) -> None:
        """Note an execution."""
        known = self._orders.get(fill.order)
        if known is not None:
            self._orders[fill.order] = replace(known, executions=known.executions + 1)

    def of(self, now_utc: datetime, whole_day: bool) -> tuple[Recent, ...]:
        """Return those of the last minute, or of the last day, oldest first."""
        while self._by_age and self._orders[self._by_age[0]].stored_utc < now_utc - DAY:
            del self._orders[self._by_age.popleft()]
        since_utc = now_utc - (DAY if whole_day else _MINUTE)
        found: list[Recent] = []
        for order in reversed(self._by_age):
            if self._orders[order].stored_utc < since_utc:
                break
            found.append(self._orders[order])
        return tuple(reversed(found))

    def _note(self, each: Recent) -> None:
        if each.order not in self._orders:
            self._orders[each.order] = each
            self._by_age.append(each.order)


def recent_of(row: OrderRow, executions: int = 0) -> Recent:
    """Return what is remembered of an order, stored when it was decided."""
    intent = row.intent
    return Recent(
        row.id, intent.run, str(intent.instrument), intent.side, intent.quantity, intent.stamp_utc, executions
    )  # fmt: skip
