"""One account, through as many offices as it takes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from midas.core.errors import Busy, MidasError, StorageFull, Unavailable
from midas.risk.kill import KillLevel
from midas.trading.gravest import gravest
from midas.trading.journal import AlreadyStored, Fenced, Undecided
from midas.trading.kill_switch import KillSwitch
from midas.trading.office import Mission, Office, Surroundings
from midas.trading.wishes import Owners, Told, Wanted

AGAIN_AFTER_S = 0.5
LACKING_AGAIN_AFTER_S = 5.0
"""Where what an account trades on is not there."""


class AccountWork:
    """Keeps an office open for one account. level : what was pulled for it and is not stored yet."""

    def __init__(self, wanted: Wanted, owners: Owners, around: Surroundings, told: Told, level: KillLevel) -> None:
        self._wanted, self._owners, self._around, self._told = wanted, owners, around, told
        self._level = level
        self._office: Office | None = None
        self._switch: KillSwitch | None = None
        self._said = self._refused = ""
        self._lost: Fenced | None = None
        self._change = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name=f"account {wanted.account}")

    @property
    def idle(self) -> bool:
        """Whether nothing is at work for the account."""
        return self._office is None or not self._office.desk.rows

    @property
    def stuck(self) -> bool:
        """Whether there is something to close or to cancel, and no market to do it on."""
        return bool(self._refused) or (self._office is not None and self._office.stuck)

    @property
    def waits(self) -> bool:
        """Whether its feed told all there is, and more is still to come."""
        floor = None if self._office is None else self._office.floor
        return floor is not None and floor.waits and not self._change.is_set()

    @property
    def cancels_only(self) -> bool:
        """Whether it is there for nothing but cancels."""
        return self._wanted.cancels_only

    @property
    def untold(self) -> KillLevel:
        """What was pulled here and is not stored yet."""
        return self._level if self._switch is None else self._switch.untold

    def released(self, level: KillLevel) -> bool:
        """Tell whether a level that was stored for the account holds no more."""
        return self._switch is not None and self._switch.released(level)

    def pull(self, level: KillLevel) -> None:
        """Pull its switch, also that of an office that is only being opened."""
        self._level = max(self._level, level)
        if self._switch is not None:
            self._switch.signal(level)

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
            await self._rest()

    async def _once(self) -> bool:
        self._change.clear()
        wanted = self._wanted
        try:
            mission = await self._owners.mission(wanted)
        except (Unavailable, Busy):
            raise
        except MidasError as error:
            return await self._give_up(wanted, error)
        self._refused = ""
        epoch = await self._around.ownership.acquire(wanted.account)
        try:
            return await self._trade(mission, epoch)
        finally:
            self._level, self._office, self._switch = self.untold, None, None
            await self._let_go(epoch)

    async def _give_up(self, wanted: Wanted, why: MidasError) -> bool:
        # an account without runs stays wanted, as what it lacks may come back; why it has to wait is told once
        self._say(f"{wanted.account}: {why}")
        if wanted.runs or str(why) != self._refused:
            await self._owners.give_up(wanted, why)
        self._refused = "" if wanted.runs else str(why)
        return bool(wanted.runs)

    async def _rest(self) -> None:
        if not self._refused:
            await asyncio.sleep(AGAIN_AFTER_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LACKING_AGAIN_AFTER_S):
                await self._change.wait()

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
        # a signal that comes while it opens is for it, too
        self._switch = office.switch
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
        if office.broken is not None:
            self._say(f"{mission.account}: {office.broken}")
        return office.over.is_set() and not self._change.is_set()

    async def _announce(self, office: Office) -> None:
        await office.ready.wait()
        self._told(f"{office.mission.account}: reconciled, ready")

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._told(text)


async def _ended(trading: asyncio.Task[None]) -> BaseException | None:
    trading.cancel()
    try:
        await trading
    except asyncio.CancelledError:
        return None
    except BaseExceptionGroup as group:
        return gravest(group)
    return None
