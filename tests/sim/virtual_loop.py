"""An event loop without sockets, files or real time: when nothing is ready, time jumps to the next thing due."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

BEGIN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""Half an hour after New York opened."""


class _Nothing:
    # Stands where a selector would: waiting for it is what moves time.
    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits for ever")
        self._loop.now_s += max(0.0, timeout)
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._selector = _Nothing(self)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self.now_s

    def _process_events(self, _events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class VirtualClock:
    """The clock of a loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_utc(self) -> datetime:
        return BEGIN + timedelta(seconds=self._loop.now_s)

    def monotonic_s(self) -> float:
        return self._loop.now_s


def run(loop: VirtualLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and leave nothing behind."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
