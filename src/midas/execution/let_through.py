"""The orders a run's gate let through within a day; those of strides are made once somebody asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from midas.core.order import Side
from midas.execution.dealt import Dealt, Sent
from midas.risk.snapshot import Recent

_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class LetThrough:
    """What was let through, oldest first, and forgotten a day later."""

    def __init__(self) -> None:
        self._recent: deque[Recent] = deque()
        self._dealt: deque[tuple[datetime, Dealt]] = deque()
        self._now_utc = _NEVER

    def add(self, order: Recent) -> None:
        """Remember an order."""
        self._settled().append(order)

    def put_off(self, last_utc: datetime, dealt: Dealt) -> None:
        """Remember the orders of a stride, none of them later than `last_utc`."""
        if len(dealt):
            self._dealt.append((last_utc, dealt))

    def forget(self, now_utc: datetime) -> None:
        """Forget what is older than a day."""
        self._now_utc, oldest_utc = now_utc, now_utc - _DAY
        while self._dealt and self._dealt[0][0] < oldest_utc:
            self._dealt.popleft()
        while self._recent and self._recent[0].stored_utc < oldest_utc:
            self._recent.popleft()

    def all(self) -> tuple[Recent, ...]:
        """Return what is remembered."""
        return tuple(self._settled())

    def snapshot(self) -> list[Any]:
        return [
            [one.order, one.run, one.instrument, one.side.value, str(one.quantity), one.stored_utc.isoformat()]
            for one in self._settled()
        ]

    def restore(self, tree: Sequence[Any]) -> None:
        """Go back to a snapshot."""
        self._dealt.clear()
        self._recent = deque(
            Recent(order, run, name, Side(side), Decimal(quantity), datetime.fromisoformat(stored))
            for order, run, name, side, quantity, stored in tree
        )

    def _settled(self) -> deque[Recent]:
        while self._dealt:
            self._recent.extend(_recent_of(sent) for sent in self._dealt.popleft()[1].sent)
            self.forget(self._now_utc)
        return self._recent


def _recent_of(sent: Sent) -> Recent:
    intent = sent.intent
    return Recent(sent.id, intent.run, str(intent.instrument), intent.side, intent.quantity, intent.stamp_utc)
