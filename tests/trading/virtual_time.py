"""An event loop whose time jumps to the next thing to do, and a clock that goes by it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

BEGIN = datetime(2024, 3, 4, 15, 0, tzinfo=UTC)


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits for ever")
        self.now_s += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s

    def pass_by(self, seconds: float) -> None:
        self._virtual.now_s += seconds


class VirtualClock:
    """Begins at BEGIN; `skew` moves the time of day and nothing else."""

    def __init__(self) -> None:
        self.skew = timedelta(0)

    def now_utc(self) -> datetime:
        return BEGIN + timedelta(seconds=self.monotonic_s()) + self.skew

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def stop(seconds: float) -> None:
    """Let time pass while this process does nothing, as one that was stopped."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.pass_by(seconds)
