"""Which orders were stored lately, and how often they executed: what rates, duplicates and runaways go by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from midas.core.order import Fill
from midas.execution.order_row import OrderRow
from midas.risk.snapshot import Recent

_MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Recents:
    """The orders of the last day, by the market's time, in the order they came."""

    def __init__(self) -> None:
        self._orders: list[Recent] = []
        self._place: dict[str, int] = {}
        self._gone = 0
        self._minute = 0

    def begin(self, known: Iterable[Recent]) -> None:
        """Know what was ordered before this process began, oldest first."""
        for each in known:
            self._note(each)

    def stored(self, row: OrderRow, now_utc: datetime) -> None:
        """Note an order, once."""
        self._note(replace(recent_of(row), stored_utc=now_utc))

    def executed(self, fill: Fill) -> None:
        """Note an execution."""
        place = self._place.get(fill.order)
        if place is not None:
            known = self._orders[place - self._gone]
            self._orders[place - self._gone] = replace(known, executions=known.executions + 1)

    def of(self, now_utc: datetime, whole_day: bool) -> tuple[Recent, ...]:
        """Return those of the last minute, or of the last day, oldest first."""
        self._forget(now_utc - DAY)
        if whole_day:
            return tuple(self._orders)
        self._minute = self._first(now_utc - _MINUTE, self._minute)
        return tuple(self._orders[self._minute :])

    def _first(self, since_utc: datetime, at: int) -> int:
        # a clock that was set back looks again from the beginning
        if at and self._orders[at - 1].stored_utc >= since_utc:
            at = 0
        while at < len(self._orders) and self._orders[at].stored_utc < since_utc:
            at += 1
        return at

    def _forget(self, since_utc: datetime) -> None:
        over = self._first(since_utc, 0)
        for each in self._orders[:over]:
            del self._place[each.order]
        del self._orders[:over]
        self._gone += over
        self._minute = max(0, self._minute - over)

    def _note(self, each: Recent) -> None:
        if each.order not in self._place:
            self._place[each.order] = self._gone + len(self._orders)
            self._orders.append(each)


def recent_of(row: OrderRow, executions: int = 0) -> Recent:
    """Return what is remembered of an order, stored when it was decided."""
    intent = row.intent
    return Recent(
        row.id, intent.run, str(intent.instrument), intent.side, intent.quantity, intent.stamp_utc, executions
    )  # fmt: skip
