"""One event loop for all that a test does: jobs live on the loop that started them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_OPEN: list[asyncio.Runner] = []


@contextmanager
def own_loop() -> Iterator[None]:
    with asyncio.Runner() as runner:
        _OPEN.append(runner)
        yield
        _OPEN.pop()


def now(work: Coroutine[object, object, T]) -> T:
    return _OPEN[-1].run(work)
