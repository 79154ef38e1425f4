"""The trader: an office for each account that has something to do, for as long as this process lives.

It is made to be killed. Whatever goes wrong with an account, its office is closed and another one is opened that takes
up what the journal says; a process that lost an account to another one ends at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from midas.core.errors import Busy, MidasError, StorageFull, Unavailable
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.trading.gravest import gravest
from midas.trading.journal import AlreadyStored, Fenced, Undecided
from midas.trading.office import Mission, Office, Surroundings

LOOK_EVERY_S = 0.25
AGAIN_AFTER_S = 0.5

Told = Callable[[str], None]
"""Told in words what the trader does; for people and logs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an account's owner wants of it now; two that are equal need no other office.

    runs : states by run; none where the account is only to be closed. settings : whatever else changes what an office
    does, as text. limits : by run, "" for the account's; None where nobody looked. An office that is open goes by
    others from then on. quarantined : instruments; None where nobody looked.
    cancels_only : there is no run and nothing to close, and cancels wait.
    """

    account: str
    runs: Mapping[str, str]
    settings: str = ""
    limits: Mapping[str, Limits] | None = None
    quarantined: frozenset[str] | None = None
    cancels_only: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What needs another office when it changes: all but a pause, limits and releases."""
        return self.account, tuple(sorted(self.runs)), self.settings, self.cancels_only


class Owners(Protocol):
    """Where wishes are kept, and what they mean."""

    async def wanted(self) -> Sequence[Wanted]:
        """Return the accounts that have something to do."""
        ...

    async def mission(self, wanted: Wanted) -> Mission:
        """Return what an office is to do.

        Raises
        ------
        MidasError: it cannot be done; the account's runs are to be stopped for that reason.
        """
        ...

    async def give_up(self, wanted: Wanted, why: MidasError) -> None:
        """Stop the runs of an account that cannot be carried out."""
        ...


class Trader:
    """Keeps an office open for each account. `until_idle` ends when there is nothing left to do now."""

    def __init__(self, owners: Owners, around: Surroundings, told: Told, *, until_idle: bool = False) -> None:
        self._owners, self._around, self._told = owners, around, told
        self._until_idle = until_idle
        self._works: dict[str, _Work] = {}
        self._level = KillLevel.NONE

    def signal(self, level: KillLevel) -> None:
        """Pull every account's switch; for signal handlers."""
        self._level = max(self._level, level)
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
        # who released one that was pulled for all accounts does not want it pulled again for those that come later
        if any(work.released(self._level) for work in self._works.values()):
            self._level = KillLevel.NONE

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
                self._works[account] = _Work(each, self._owners, self._around, self._told, self._level)

    async def _look_after(self) -> None:
        for account, work in list(self._works.items()):
            if not work.task.done():
                continue
            del self._works[account]
            with suppress(asyncio.CancelledError):
                await work.task


class _Work:
    # One account, through as many offices as it takes.
    def __init__(self, wanted: Wanted, owners: Owners, around: Surroundings, told: Told, level: KillLevel) -> None:
        self._wanted, self._owners, self._around, self._told = wanted, owners, around, told
        self._level = level
        self._office: Office | None = None
        self._said = ""
        self._lost: Fenced | None = None
        self._change = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name=f"account {wanted.account}")

    @property
    def idle(self) -> bool:
        """Whether nothing is at work for the account."""
        return self._office is None or not self._office.desk.rows

    @property
    def stuck(self) -> bool:
        """Whether there is something to close and no market to do it on."""
        return self._office is not None and self._office.stuck

    @property
    def waits(self) -> bool:
        """Whether its feed told all there is, and more is still to come."""
        floor = None if self._office is None else self._office.floor
        return floor is not None and floor.waits and not self._change.is_set()

    @property
    def cancels_only(self) -> bool:
        """Whether it is there for nothing but cancels."""
        return self._wanted.cancels_only

    def released(self, level: KillLevel) -> bool:
        """Tell whether a level that was pulled here holds no more."""
        return self._office is not None and self._office.switch.level < level

    def pull(self, level: KillLevel) -> None:
        self._level = max(self._level, level)
        if self._office is not None:
            self._office.switch.signal(level)

    def heed(self, wanted: Wanted) -> None:
        if wanted.key != self._wanted.key:
            self._change.set()
        self._wanted = wanted
        if self._office is not None:
            for run, runner in self._office.runners.items():
                runner.paused = wanted.runs.get(run) == "paused"
            if wanted.limits is not None:
                self._office.heeding.limit(wanted.limits)
            if wanted.quarantined is not None:
                self._office.heeding.release(wanted.quarantined)

    async def _run(self) -> None:
        while True:
            try:
                if await self._once():
                    return
            except (Unavailable, Undecided, StorageFull, AlreadyStored) as error:
                self._told(f"{self._wanted.account}: {error.message} Trying again.")
            except Busy as error:
                self._say(f"{self._wanted.account}: {error.message}")
            except Fenced:
                self._around.fenced()
                raise
            if self._lost is not None:
                # what ended the office came before it was told: whoever goes on would wait behind its follower
                self._around.fenced()
                raise self._lost
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _once(self) -> bool:
        self._change.clear()
        wanted = self._wanted
        try:
            mission = await self._owners.mission(wanted)
        except (Unavailable, Busy):
            raise
        except MidasError as error:
            self._say(f"{wanted.account}: {error}")
            await self._owners.give_up(wanted, error)
            # an account that is only to be closed stays wanted, and is tried again
            return bool(wanted.runs)
        epoch = await self._around.ownership.acquire(wanted.account)
        try:
            return await self._trade(mission, epoch)
        finally:
            self._keep_level()
            self._office = None
            await self._let_go(epoch)

    async def _let_go(self, epoch: int) -> None:
        try:
            await self._around.ownership.release(self._wanted.account, epoch)
        except Fenced as lost:
            self._lost = lost
        except MidasError:
            # it is free when the connection is; whoever follows waits a little longer
            pass

    async def _trade(self, mission: Mission, epoch: int) -> bool:
        office = Office(mission, self._around, epoch, self._level)
        await office.open()
        self._office = office
        self.heed(self._wanted)
        ends = [office.over, self._change]
        trading = asyncio.create_task(office.work())
        waiting = [asyncio.create_task(end.wait()) for end in ends]
        try:
            ready = asyncio.create_task(self._announce(office))
            await asyncio.wait([trading, *waiting], return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
        finally:
            for task in waiting:
                task.cancel()
            failed = await _ended(trading)
        if failed is not None:
            raise failed
        return office.over.is_set() and not self._change.is_set()

    async def _announce(self, office: Office) -> None:
        await office.ready.wait()
        self._told(f"{office.mission.account}: reconciled, ready")

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._told(text)

    def _keep_level(self) -> None:
        if self._office is not None:
            self._level = self._office.switch.untold


async def _ended(trading: asyncio.Task[None]) -> BaseException | None:
    trading.cancel()
    try:
        await trading
    except asyncio.CancelledError:
        return None
    except BaseExceptionGroup as group:
        return gravest(group)
    return None
