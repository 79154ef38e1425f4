"""Waiting for a broker, and for nothing else: what is stored is never given up half-way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from midas.execution.broker import Ambiguous

T = TypeVar("T")

PATIENCE_S = 10.0
"""How long a broker may take to answer; after that nobody knows what it did."""


async def answered(call: Awaitable[T], patience_s: float = PATIENCE_S) -> T:
    """Return what a broker answers.

    Raises
    ------
    Ambiguous: it did not in time, or the call says so.
    """
    try:
        async with asyncio.timeout(patience_s):
            return await call
    except TimeoutError:
        raise Ambiguous("no answer in time") from None


async def to_the_end(task: asyncio.Task[T]) -> T:
    """Return what a task returns; whoever waits may be cancelled, but not before it is done.

    Raises
    ------
    CancelledError: after the task is done.
    """
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if not task.cancelled():
                cancelled = error
        except Exception:  # house: broad-except: it is raised below, where it is read
            break
    if cancelled is not None:
        # whatever became of it is stored or not; the one who waited is told to stop
        task.exception()
        raise cancelled
    return task.result()
