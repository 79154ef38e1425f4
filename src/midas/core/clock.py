"""Time as something passed in; the only place that asks the machine for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from midas.core.errors import InvalidInput


class Clock(Protocol):
    """Where the time comes from."""

    def now_utc(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never run backwards, for durations and timeouts."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_utc(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told to, for tests and simulation."""

    current_utc: datetime
    elapsed_s: float = 0.0

    def now_utc(self) -> datetime:
        return self.current_utc

    def monotonic_s(self) -> float:
        return self.elapsed_s

    def advance(self, step: timedelta) -> None:
        self.current_utc += step
        self.elapsed_s += step.total_seconds()


def require_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC.

    Raises
    ------
        InvalidInput: `moment` carries no time zone.
    """
    if moment.tzinfo is None:
        raise InvalidInput(f"{moment.isoformat()} has no time zone.", hint="Add one, e.g. +09:00.", code="naive_time")
    return moment.astimezone(UTC)
