"""How long this process may still believe that it owns the account."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from midas.core.clock import Clock
from midas.core.errors import Unavailable
from midas.trading.journal import Fenced, Ownership

TTL_S = 10.0
RENEW_EVERY_S = 2.0


class Lease:
    """An ownership that runs out unless it is renewed, by a clock that never runs backwards."""

    def __init__(self, account: str, epoch: int, ownership: Ownership, clock: Clock, ttl_s: float = TTL_S) -> None:
        self.epoch = epoch
        self._account = account
        self._ownership = ownership
        self._clock = clock
        self._ttl_s = ttl_s
        self._renewed_s = clock.monotonic_s()

    @property
    def age_s(self) -> float:
        return self._clock.monotonic_s() - self._renewed_s

    def require(self) -> None:
        """Refuse to act on a lease that another process may be about to take.

        Raises
        ------
        Fenced: it was not renewed for half its time.
        """
        if self.age_s >= self._ttl_s / 2:
            raise self._old()

    async def renew(self) -> None:
        """Renew now.

        Raises
        ------
        Fenced: another process owns the account, or may: nobody answered for as long as a lease holds.
        """
        # counted from before asking: how long the answer took may not be added to what we have
        asked_s = self._clock.monotonic_s()
        try:
            async with asyncio.timeout(self._ttl_s):
                await self._ownership.renew(self._account, self.epoch)
        except TimeoutError:
            raise self._old() from None
        self._renewed_s = asked_s

    async def keep(self) -> None:
        """Renew for ever; a database that does not answer lets the lease grow old.

        Raises
        ------
        Fenced: another process owns the account.
        """
        while True:
            with suppress(Unavailable):
                await self.renew()
            await asyncio.sleep(RENEW_EVERY_S * self._ttl_s / TTL_S)

    def _old(self) -> Fenced:
        return Fenced(
            f"The lease on account {self._account} is {self.age_s:.1f} s old.",
            hint="The trader stops by itself; start it again.",
            code="lease_old",
        )
