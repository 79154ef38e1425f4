"""What a job is asked to do, and what it is remembered by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Generic, TypeVar

from midas.app.seats import Tried, Work

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Settled:
    """What a finished job is remembered by."""

    result_id: str | None
    result: object


@dataclass(frozen=True, slots=True)
class Task(Generic[Outcome]):
    """A piece of work: `work` is done in a seat, then `settle` in this process, where the database is.

    `keep` is asked for what is left of work that was stopped midway, None where nothing is. `count` is told what the
    work is about to try, before it does.
    """

    kind: str
    work: Work[Outcome]
    settle: Callable[[Outcome], Awaitable[Settled]]
    keep: Callable[[], Awaitable[Settled | None]] | None = None
    count: Callable[[Tried], Coroutine[object, object, None]] | None = None
