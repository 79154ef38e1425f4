"""Who looks at an account by the clock: what it is worth, and whether losses or their cool-down ask for the switch."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.desk import Desk
from midas.trading.equity import Worth
from midas.trading.gatekeeper import Gatekeeper
from midas.trading.journal import Checkpoint

EVERY_S = 1.0
KEPT_EVERY_S = 60.0


class Watchman:
    """Marks an account and asks its protections every second, whether or not a bar comes.

    A replay's time stands still between its rows, so there the rows do it. What the account is worth is kept: at once
    when a loss hit a limit, as the cool-down counts from there, else every minute.
    """

    def __init__(self, desk: Desk, gatekeeper: Gatekeeper, timezone: str) -> None:
        self._desk, self._gatekeeper = desk, gatekeeper
        self._zone = ZoneInfo(timezone)
        self._kept: Worth | None = None
        self._kept_s = desk.clock.monotonic_s()

    async def run(self) -> None:
        """Look for ever.

        Raises
        ------
        Fenced: the account has another owner.
        """
        while True:
            await self.once()
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        """Look once; before all that is held has a price nobody can tell what it is worth."""
        if not self._gatekeeper.priced:
            return
        self._gatekeeper.mark(self._today)
        self._gatekeeper.protect()
        worth = self._gatekeeper.worth
        if worth is not None and (self._is_news(worth.last_limit_loss_utc) or self._is_due):
            await self._keep(worth)

    @property
    def _today(self) -> date:
        return self._desk.market.now_utc().astimezone(self._zone).date()

    @property
    def _is_due(self) -> bool:
        changed = self._gatekeeper.worth != self._kept
        return changed and self._desk.clock.monotonic_s() - self._kept_s >= KEPT_EVERY_S

    def _is_news(self, hit_utc: datetime | None) -> bool:
        # while a loss stands at its limit its time moves on with the clock
        known_utc = None if self._kept is None else self._kept.last_limit_loss_utc
        return hit_utc is not None and (known_utc is None or hit_utc - known_utc >= timedelta(seconds=KEPT_EVERY_S))

    async def _keep(self, worth: Worth) -> None:
        key = checkpoint_key("worth", self._desk.account)
        await self._desk.commit("worth", Checkpoint(key, -1, self._desk.market.now_utc(), worth.to_bytes()))
        self._kept, self._kept_s = worth, self._desk.clock.monotonic_s()
