"""One life of the daemon: the office that trades an account, on ports that die with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from midas.core.errors import Unavailable
from midas.core.instrument import Instrument
from midas.core.order import OrderState
from midas.execution.broker import BrokerOrder, Capabilities, Holdings, Report, Ticket
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.risk.verdict import Allow, Deny, Verdict
from midas.trading.journal import AlreadyStored, Batch, Fenced, Undecided
from midas.trading.obeying import Halted
from midas.trading.office import Mission, Office, Surroundings
from midas.venues.catalogue import venue

if TYPE_CHECKING:
    from tests.sim.world import World

FOR_EVER_S = 1e6


class Killed(BaseException):
    """The process is no more: nothing it does from here on has any effect."""


class Process:
    """The office, and the places where this life may end."""

    def __init__(self, world: World, epoch: int) -> None:
        self.world = world
        self.epoch = epoch
        self.dead = False
        self.allowed: tuple[str, float] = ("", -1.0)
        self._stalled_until_s = 0.0
        ports: Any = JournalPort(self), OwnershipPort(self), BrokerPort(self)
        mission = Mission(
            account=world.account,
            currency="USD",
            live=False,
            broker=lambda _clock: ports[2],
            capital=world.capital,
            limits=world.limits,
            instruments=[Instrument(name) for name in world.names],
            venues={"XNAS": venue("XNAS")},
            raw_prices=False,
        )
        around = Surroundings(ports[0], ports[1], world.clock, world.rng.random, reached=self.reached)
        self.office = Office(mission, around, epoch)
        for name in world.names:
            now_utc = world.clock.now_utc()
            self.office.quotes.hear(Tick(name, 100.0, 1.0, now_utc, now_utc), world.names)
        self._watch_gate()

    async def live(self) -> str:
        """Trade until this life ends; return how it did."""
        try:
            await self.office.open()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.office.work())
                group.create_task(self._decide())
        except BaseException as error:
            return self._ended(_causes(error))
        finally:
            self.dead = True
        return "ended"

    def _ended(self, causes: Sequence[BaseException]) -> str:
        for error in causes:
            if not isinstance(error, Killed | Fenced | Unavailable | Undecided | Halted | asyncio.CancelledError):
                self.world.blame(f"the daemon fell over: {error!r}", error)
        return ", ".join(sorted({type(error).__name__ for error in causes}))

    def reached(self, place: str) -> None:
        """Die here, if it is time."""
        self.check()
        if self.world.chance(self.world.chances.crash):
            self.die(place)

    def die(self, place: str) -> None:
        self.world.say(f"killed at {place}")
        self.dead = True
        self.world.kills += 1
        raise Killed(place)

    def check(self) -> None:
        if self.dead:
            raise Killed

    async def pause(self, seconds: float = 0.0) -> None:
        """Let time pass at a port; the process may be stopped for a while there, or die."""
        world = self.world
        self.check()
        if world.chance(world.chances.stall):
            self._stalled_until_s = world.loop.now_s + world.rng.uniform(3.0, 14.0)
            world.say("stalled")
        wait_s = max(seconds, self._stalled_until_s - world.loop.now_s)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        self.check()

    def _watch_gate(self) -> None:
        # What the gate let through at this moment is what may reach the broker.
        gate = self.office.gatekeeper
        judge = gate.judge

        def watched(row: OrderRow) -> Verdict:
            verdict = judge(row)
            if isinstance(verdict, Allow):
                self.allowed = (row.id, self.world.loop.now_s)
            return verdict

        gate.judge = watched  # type: ignore[method-assign]

    async def _decide(self) -> None:
        # The strategy, which wants the same again after a crash.
        world = self.world
        await self.office.ready.wait()
        for due_s, identity, intent in world.plan[::2]:
            await asyncio.sleep(max(0.0, due_s - world.loop.now_s))
            verdict = self.office.gatekeeper.ask(identity, intent)
            if isinstance(verdict, Deny):
                world.say(f"denied {identity} {verdict.code}")
            elif world.clock.now_utc() < intent.valid_until_utc:
                await self._store(OrderRow(identity, intent, OrderState.NEW))
        await asyncio.sleep(FOR_EVER_S)

    async def _store(self, row: OrderRow) -> None:
        try:
            await self.office.desk.store("store", [row])
        except AlreadyStored:
            return


class JournalPort:
    """The journal as a process reaches it: what was not committed when it dies is lost."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._journal = process.world.journal

    async def commit(self, account: str, epoch: int, batch: Batch) -> None:
        process, world = self._process, self._process.world
        await process.pause(world.rng.uniform(0.001, 0.01))
        if world.chance(world.chances.crash):
            process.die("the journal, before it was written")
        self._answers(world.chances.unavailable)
        await self._journal.commit(account, epoch, batch)
        world.committed(batch)
        await process.pause()
        # stored, and the connection was lost before anyone said so
        if world.loop.now_s < world.outage_until_s or world.chance(world.chances.unanswered):
            raise Undecided("the database went away during a commit")
        if world.chance(world.chances.crash):
            process.die("the journal, after it was written")

    def _answers(self, likely_not: float) -> None:
        world = self._process.world
        if world.loop.now_s < world.outage_until_s or world.chance(likely_not):
            raise Unavailable("the database does not answer")

    def __getattr__(self, name: str) -> Any:
        read = getattr(self._journal, name)

        async def reading(*arguments: Any, **named: Any) -> Any:
            self._process.check()
            self._answers(0.0)
            return await read(*arguments, **named)

        return reading


class OwnershipPort:
    """Ownership as a process reaches it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def renew(self, account: str, epoch: int) -> None:
        await self._process.pause()
        if self._process.world.loop.now_s < self._process.world.outage_until_s:
            raise Unavailable("the database does not answer")
        await self._process.world.ownership.renew(account, epoch)
        self._process.world.renewed_s = self._process.world.loop.now_s


class BrokerPort:
    """The broker as a process reaches it: what left goes on without the process, and its answer dies with it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._broker = process.world.broker

    @property
    def capabilities(self) -> Capabilities:
        return self._broker.capabilities

    async def submit(self, ticket: Ticket) -> str:
        self._process.check()
        self._process.world.sent(self._process, ticket)
        number: str = await self._far(self._broker.submit, ticket)
        return number

    async def cancel(self, number: str) -> None:
        await self._far(self._broker.cancel, number)

    async def find(self, client_id: str) -> BrokerOrder | None:
        found: BrokerOrder | None = await self._far(self._broker.find, client_id)
        return found

    async def orders(self) -> Sequence[BrokerOrder]:
        found: Sequence[BrokerOrder] = await self._far(self._broker.orders)
        return found

    async def fills(self, since_utc: datetime) -> Sequence[Any]:
        found: Sequence[Any] = await self._far(self._broker.fills, since_utc)
        return found

    async def holdings(self) -> Holdings:
        found: Holdings = await self._far(self._broker.holdings)
        return found

    async def reports(self) -> AsyncIterator[Report]:
        async for report in self._broker.reports():
            await self._process.pause()
            yield report

    async def _far(self, call: Any, *arguments: Any) -> Any:
        self._process.check()
        task = self._process.world.background(call(*arguments))
        try:
            return await asyncio.shield(task)
        finally:
            self._process.check()


def _causes(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [cause for each in error.exceptions for cause in _causes(each)]
    return [error]
