"""The kill switch of one account: in the database, in a file, and by signal; any one of them stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from midas.core.errors import Busy, Unavailable
from midas.risk.kill import Kill, KillLevel, strongest
from midas.trading.desk import Desk
from midas.trading.draft import TRADER
from midas.trading.flag_file import BARE, FlagFile
from midas.trading.journal import Pull

EVERY_S = 0.1
UNKNOWNS, UNKNOWNS_WITHIN_S = 3, 300.0
CLOCK_STEP_S = 2.0


class KillSwitch:
    """What is pulled for an account. A switch that cannot be read stays as it was last known.

    flag : a file that stops all accounts of a data home while it is there. told : a level that was pulled and could not
    be stored yet. risen : called when the level rises. pulled_utc : when one was last pulled, as far as it is stored.
    """

    def __init__(self, desk: Desk, flag: FlagFile | None = None, told: KillLevel = KillLevel.NONE) -> None:
        self.risen: Callable[[], None] = _nobody
        self.pulled_utc: datetime | None = None
        self._desk = desk
        self._flag = flag
        self._stored = KillLevel.NONE
        self._told = KillLevel.NONE
        self._acknowledged: tuple[KillLevel, datetime | None] = (KillLevel.NONE, None)
        self._pending: list[Kill] = []
        self._read = False
        self._offset_s = self._offset()
        self._refreshing = asyncio.Lock()
        if told is not KillLevel.NONE:
            self.pull(told, "it was pulled before the database could hear of it")

    @property
    def level(self) -> KillLevel:
        """The strongest of what is pulled now; the file is looked at each time."""
        return strongest(self._stored, self._told, self._in_file())

    @property
    def untold(self) -> KillLevel:
        """What was pulled here and could not be stored yet."""
        return strongest(*(kill.level for kill in self._pending))

    def released(self, level: KillLevel) -> bool:
        """Tell whether a level that was stored holds no more; before anything was read nobody can tell."""
        return self._read and self.untold < level and self.level < level

    def signal(self, level: KillLevel = BARE) -> None:
        """Stop at once, as a signal asks: this holds without the database, which learns of it when it can."""
        self.pull(level, "signal")

    def pull(self, level: KillLevel, why: str, who: str = TRADER) -> None:
        """Stop at once, and have it stored: it holds from here on, whether or not the database answers."""
        if level <= self._told:
            return
        self._told = level
        self._pending.append(Kill(level, self._desk.account, who, why, self._desk.now_utc))
        self.risen()

    async def refresh(self) -> None:
        """Read what is stored, and store what is not yet."""
        # the watch and who pulled it may both be at it
        async with self._refreshing:
            await self._refresh()

    async def _refresh(self) -> None:
        before = self.level
        try:
            for kill in list(self._pending):
                detail: dict[str, object] = {"level": kill.level.name, "why": kill.why}
                audit = self._desk.audit("kill.pulled", self._desk.account, detail, kill.who)
                await self._desk.commit("kill", Pull(kill), audit)
                self._pending.remove(kill)
            kills = await self._desk.journal.kills(self._desk.account)
            self._stored, self._read = strongest(*(kill.level for kill in kills)), True
            self.pulled_utc = max((kill.pulled_utc for kill in kills), default=None)
            # what was told is stored now: from here on the database says when it is released
            if not self._pending:
                self._told = KillLevel.NONE
            await self._acknowledge(self.level)
        except (Unavailable, Busy):
            return
        finally:
            if self.level > before:
                self.risen()

    async def watch(self) -> None:
        """Read for ever, and pull by itself where something is badly wrong.

        Raises
        ------
        Fenced: the account has another owner.
        """
        while True:
            self.look_at_clock()
            self.look_at_unknowns()
            await self.refresh()
            await asyncio.sleep(EVERY_S)

    def look_at_clock(self) -> None:
        """Pause when the machine's clock jumped: nothing that goes by the time of day can be trusted then."""
        offset_s = self._offset()
        if abs(offset_s - self._offset_s) > CLOCK_STEP_S:
            self.pull(KillLevel.PAUSE, f"the clock jumped by {offset_s - self._offset_s:+.1f} s")
        self._offset_s = offset_s

    def look_at_unknowns(self) -> None:
        """Pause when too many orders got no clear answer."""
        now_s = self._desk.clock.monotonic_s()
        recent = [each for each in self._desk.unknowns_s if now_s - each < UNKNOWNS_WITHIN_S]
        if len(recent) >= UNKNOWNS:
            self._desk.unknowns_s.clear()
            self.pull(KillLevel.PAUSE, f"{len(recent)} orders without a clear answer within 5 minutes")

    def _offset(self) -> float:
        return self._desk.clock.now_utc().timestamp() - self._desk.clock.monotonic_s()

    def _in_file(self) -> KillLevel:
        found = None if self._flag is None else self._flag.read()
        return KillLevel.NONE if found is None else found

    async def _acknowledge(self, level: KillLevel) -> None:
        # for whoever pulled it: the trader heard, and goes by it; also of one that is pulled again as it was let go
        heard = (level, self.pulled_utc)
        if heard != self._acknowledged:
            detail: dict[str, object] = {"level": level.name}
            await self._desk.commit("kill_heard", self._desk.audit("kill.heard", self._desk.account, detail))
            self._acknowledged = heard


def _nobody() -> None:
    pass
