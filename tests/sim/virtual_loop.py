"""An event loop without sockets, files or real time: when nothing is ready, time jumps to the next thing due.

It is asyncio's loop with nothing in it but what the simulator needs: most of a simulated day is spent here.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")

BEGIN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""Half an hour after New York opened."""


class _Call:
    # What is to be called; called never where it was cancelled.
    __slots__ = ("act", "arguments", "context")

    def __init__(self, act: Callable[..., object], arguments: tuple[Any, ...], context: Context | None) -> None:
        self.act: Callable[..., object] | None = act
        self.arguments = arguments
        self.context = context or copy_context()

    def cancel(self) -> None:
        self.act = None
        self.arguments = ()

    def cancelled(self) -> bool:
        return self.act is None


class VirtualLoop(asyncio.AbstractEventLoop):
    """What is due at the same moment is called in the order it was asked for; what a call raises ends the run."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._ready: deque[_Call] = deque()
        self._due: list[tuple[float, int, _Call]] = []
        self._numbers = count()
        self._closed = False

    def time(self) -> float:
        return self.now_s

    def call_soon(self, act: Callable[..., object], *arguments: Any, context: Context | None = None) -> Any:
        call = _Call(act, arguments, context)
        self._ready.append(call)
        return call

    def call_at(self, when: float, act: Callable[..., object], *arguments: Any, context: Context | None = None) -> Any:
        call = _Call(act, arguments, context)
        heappush(self._due, (when, next(self._numbers), call))
        return call

    def call_later(
        self, delay: float, act: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> Any:
        return self.call_at(self.now_s + delay, act, *arguments, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Any, *, name: str | None = None, context: Context | None = None, **more: Any
    ) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, name=name, context=context, **more)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True
        self._ready.clear()
        self._due.clear()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Pass over what asyncio says of tasks that nobody asked how they ended: the world looks at its own."""

    def run_until_complete(self, future: Any) -> Any:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self._finish)
        asyncio._set_running_loop(self)
        try:
            task = asyncio.ensure_future(future, loop=self)
            while not task.done():
                self._step()
        finally:
            asyncio._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)
        return task.result()

    def _step(self) -> None:
        if not self._ready:
            self._pass_time()
        call = self._ready.popleft()
        if call.act is not None:
            call.context.run(call.act, *call.arguments)

    def _pass_time(self) -> None:
        due = self._due
        while due and due[0][2].act is None:
            heappop(due)
        if not due:
            raise RuntimeError("everything waits for ever")
        self.now_s = max(self.now_s, due[0][0])
        while due and due[0][0] <= self.now_s:
            self._ready.append(heappop(due)[2])

    def _finish(self, generator: AsyncGenerator[Any, Any]) -> None:
        if not self._closed:
            self.create_task(generator.aclose())


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
    try:
        result: T = loop.run_until_complete(work)
        return result
    finally:
        loop.run_until_complete(_nothing_left())
        loop.close()


async def _nothing_left() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
