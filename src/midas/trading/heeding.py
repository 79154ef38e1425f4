"""What an office that is open hears of people's wishes: other limits, and instruments that were released."""

from __future__ import annotations

from collections.abc import Mapping, Set

from midas.risk.limits import Limits
from midas.trading.bell import Bell
from midas.trading.desk import Desk
from midas.trading.gatekeeper import Gatekeeper
from midas.trading.runner import Runner

LOOK_EVERY_S = 60.0


class Heeding:
    """Goes by what changed from here on, and says so in the trail: whoever changed it sees that the trader heard."""

    def __init__(self, desk: Desk, gatekeeper: Gatekeeper, runners: Mapping[str, Runner]) -> None:
        self._desk, self._gatekeeper, self._runners = desk, gatekeeper, runners
        self._bell = Bell()
        self._limited = self._released = False

    def limit(self, limits: Mapping[str, Limits]) -> None:
        """Go by other limits from here on: what is stored and not sent yet is judged by them, too."""
        if limits == self._gatekeeper.limits:
            return
        self._gatekeeper.limits = limits
        for name, runner in self._runners.items():
            runner.limit([limits[each] for each in ("", name) if each in limits])
        self._limited = True
        self._bell.ring()

    def release(self, quarantined: Set[str]) -> None:
        """Look again at what is in quarantine, where somebody saw less of it than is known here."""
        if self._desk.quarantined.keys() - quarantined:
            self._released = True
            self._bell.ring()

    async def run(self) -> None:
        """Tell of what was heard, for ever."""
        while True:
            if await self._bell.wait(LOOK_EVERY_S):
                await self._tell_limits()
                await self._tell_releases()

    async def _tell_limits(self) -> None:
        if self._limited:
            self._limited = False
            line = self._desk.audit("limits.heard", self._desk.account, {"runs": sorted(self._gatekeeper.limits)})
            await self._desk.commit("limits_heard", line)

    async def _tell_releases(self) -> None:
        if self._released:
            self._released = False
            lines = [self._desk.audit("quarantine.heard", each, {}) for each in await self._desk.recall_quarantine()]
            if lines:
                await self._desk.commit("quarantine_heard", *lines)
