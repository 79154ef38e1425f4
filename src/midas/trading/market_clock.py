"""The time a replay is at."""

from __future__ import annotations

from datetime import UTC, datetime

from midas.core.clock import Clock

BEFORE_ALL = datetime.fromtimestamp(0, UTC)
"""The time of a replay that has told nothing yet."""


class MarketClock:
    """Time of day as a replay tells it; durations are the machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now_utc = BEFORE_ALL

    def now_utc(self) -> datetime:
        return self._now_utc

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()

    def move_to(self, stamp_utc: datetime) -> None:
        """Let it be `stamp_utc`; it never goes back."""
        self._now_utc = max(self._now_utc, stamp_utc)
