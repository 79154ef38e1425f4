"""The trader: an office for each account that has something to do, for as long as this process lives.

It is made to be killed. Whatever goes wrong with an account, its office is closed and another one is opened that takes
up what the journal says; a process that lost an account to another one ends at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from midas.core.errors import Busy, StorageFull, Unavailable
from midas.risk.kill import KillLevel
from midas.trading.account_work import AccountWork
from midas.trading.office import Surroundings
from midas.trading.wishes import Owners, Told, Wanted

LOOK_EVERY_S = 0.25


class Trader:
    """Keeps an office open for each account. `until_idle` ends when there is nothing left to do now."""

    def __init__(self, owners: Owners, around: Surroundings, told: Told, *, until_idle: bool = False) -> None:
        self._owners, self._around, self._told = owners, around, told
        self._until_idle = until_idle
        self._works: dict[str, AccountWork] = {}
        self._level = KillLevel.NONE
        self._heard: set[str] = set()

    def signal(self, level: KillLevel) -> None:
        """Pull every account's switch; for signal handlers."""
        self._level = max(self._level, level)
        self._heard.clear()
        for work in self._works.values():
            work.pull(level)

    async def run(self) -> None:
        """Trade for ever.

        Raises
        ------
        Fenced: another process owns an account of ours; end at once.
        Halted: the kill switch says so.
        """
        try:
            while True:
                self._forget_released()
                wanted = await self._wanted()
                self._reconsider(wanted)
                await self._look_after()
                if self._until_idle and wanted is not None and self._idle(wanted):
                    return
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for work in self._works.values():
                work.task.cancel()
            await asyncio.gather(*(work.task for work in self._works.values()), return_exceptions=True)

    def _forget_released(self) -> None:
        # a pull for all accounts is stored once for each of them, and is for those that come later as well, until a
        # person released it everywhere
        told = [work for account, work in self._works.items() if account in self._heard]
        if told and all(work.released(self._level) for work in told):
            self._level = KillLevel.NONE
            self._heard.clear()

    def _idle(self, wanted: Sequence[Wanted]) -> bool:
        # what cannot be closed, as its market is over, is not waited for, nor are bars that do not exist yet
        waiting = {account for account, work in self._works.items() if work.waits}
        idle = all(work.stuck or account in waiting for account, work in self._works.items())
        return idle and not any(each.runs and each.account not in waiting for each in wanted)

    async def _wanted(self) -> Sequence[Wanted] | None:
        try:
            return await self._owners.wanted()
        except (Unavailable, Busy, StorageFull):
            # what was wanted before still is
            return None

    def _reconsider(self, wanted: Sequence[Wanted] | None) -> None:
        if wanted is None:
            return
        now = {each.account: each for each in wanted}
        for account, work in self._works.items():
            latest = now.get(account)
            # what still trades for a run that is over sends its cancels itself
            if latest is not None and latest.cancels_only <= work.cancels_only:
                work.heed(latest)
            elif work.idle:
                work.task.cancel()
        for account, each in now.items():
            if account not in self._works:
                level = KillLevel.NONE if account in self._heard else self._level
                self._works[account] = AccountWork(each, self._owners, self._around, self._told, level)

    async def _look_after(self) -> None:
        self._heard |= {account for account, work in self._works.items() if work.untold < self._level}
        for account, work in list(self._works.items()):
            if not work.task.done():
                continue
            del self._works[account]
            with suppress(asyncio.CancelledError):
                await work.task
