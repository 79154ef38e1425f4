"""Waking who waits for something to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Bell:
    """Rung when there may be something to do; ringing twice is ringing once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, at_most_s: float) -> bool:
        """Return when it was rung since the last wait, or after `at_most_s` seconds; tell whether it was."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._rung.wait()
        rung = self._rung.is_set()
        self._rung.clear()
        return rung
