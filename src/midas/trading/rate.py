"""How often a broker may be asked."""

from __future__ import annotations

import asyncio
import math

from midas.core.clock import Clock


class TokenBucket:
    """At most `per_s` a second on average and `burst` at once; a rate of 0 is no limit."""

    def __init__(self, per_s: float, clock: Clock, burst: float | None = None) -> None:
        self._per_s = per_s
        self._burst = max(1.0, per_s if burst is None else burst)
        self._clock = clock
        self._tokens = self._burst
        self._counted_s = clock.monotonic_s()

    @property
    def free(self) -> float:
        """How many may go at once by now."""
        if self._per_s <= 0:
            return math.inf
        return 0.0 if self._wait_s() > 0 else self._tokens

    async def take(self) -> None:
        """Return once one more may go."""
        while (wait_s := self._wait_s()) > 0:
            await asyncio.sleep(wait_s)
        if self._per_s > 0:
            self._tokens -= 1.0

    def _wait_s(self) -> float:
        if self._per_s <= 0:
            return 0.0
        now_s = self._clock.monotonic_s()
        self._tokens = min(self._burst, self._tokens + (now_s - self._counted_s) * self._per_s)
        self._counted_s = now_s
        # a token short of one by rounding alone would wait for ever in steps too small for a clock
        return 0.0 if self._tokens >= 1.0 - 1e-9 else (1.0 - self._tokens) / self._per_s
