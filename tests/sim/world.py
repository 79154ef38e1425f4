"""One seed from beginning to end: what is wanted, what goes wrong, who takes over, and what is left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from unittest.mock import patch

from tests.sim.chance import CALM, PROFILES, Chances
from tests.sim.faulty_broker import FaultyBroker
from tests.sim.invariants import breaches, still_held, unbooked
from tests.sim.process import Process
from tests.sim.virtual_loop import BEGIN, VirtualClock, VirtualLoop, run

from midas.core.errors import Busy
from midas.core.instrument import InstrumentId
from midas.core.order import ENDED, OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.broker import Ticket
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.risk.kill import Kill, KillLevel, blocks
from midas.risk.limits import Limits
from midas.risk.question import FLATTEN_LEG
from midas.risk.verdict import Denial
from midas.trading import canceller, kill_switch, lease, obeying, resolving, sender, watchman
from midas.trading.journal import NOBODY, AskCancel, Batch, Book, ChangeOrder, Pull, StoreOrder
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership

NAMES = tuple(InstrumentId(symbol, "XNAS") for symbol in ("AAPL", "MSFT", "NVDA"))
EASY = Limits(collar=None, quote_age_s=None, duplicate_window_s=None, allow_short=True)
PULLS = (*[KillLevel.PAUSE] * 3, *[KillLevel.CANCEL_ALL] * 3, KillLevel.FLATTEN, KillLevel.HALT)
CHAOS_S = 100.0
GRACE_S = 230.0
NEVER_S = 1e9
STUCK_S = 7_200.0


@dataclass(slots=True)
class Outcome:
    """What came of a seed: what was wrong, what happened, and its hash."""

    seed: int
    wrong: list[str]
    log: list[str]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return sha256("\n".join(self.log).encode()).hexdigest()


class World:
    account = "paper"
    names = NAMES

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.of_late = Random(f"late {seed}")
        self.chances = Chances.of(self.rng, self.of_late)
        profile = PROFILES[seed % len(PROFILES)]
        self.broker = FaultyBroker(self.loop, self.rng, self.of_late, profile, self.chances)
        self.journal = MemoryJournal()
        self.ownership = MemoryOwnership(self.journal)
        self.renewed_s = 0.0
        self.outage_until_s = 0.0
        self.wrong: list[str] = []
        self.given_up: dict[str, int] = {}
        self.adopted_late: dict[str, set[str]] = {}
        self.pulled_until_s = 0.0
        self.kills = 0
        self.lives: list[Process] = []
        self.plan = _plan(self.rng)
        self.by_id = {identity: intent for _, identity, intent in self.plan}
        self.capital = self.broker.exchange.cash
        self.limits = {"": EASY}
        self.bans = {name: self.rng.uniform(0, CHAOS_S) if self.rng.random() < 0.2 else NEVER_S for name in NAMES}
        # On some days everything is to be closed in the end, and nobody takes that back.
        self.flatten_s = self.rng.uniform(0.4 * CHAOS_S, CHAOS_S) if seed % 4 == 2 else NEVER_S
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- what the daemon meets

    def chance(self, likely: float) -> bool:
        return likely > 0.0 and self.rng.random() < likely

    def restricted(self, intent: OrderIntent) -> bool:
        return self.banned(intent.instrument)

    def banned(self, name: InstrumentId) -> bool:
        return self.bans[name] <= self.loop.now_s

    def sent(self, process: Process, ticket: Ticket) -> None:
        """Judge an order that reached the wire."""
        now_s, current = self.loop.now_s, self.journal.store.accounts[self.account]
        self.say(f"sent {ticket.id} by epoch {process.epoch}")
        row = current.orders.get(ticket.id)
        if row is None or (ticket.id not in self.by_id and row.intent.leg != FLATTEN_LEG):
            self.blame(f"{ticket.id} was sent, and nobody stored or wanted it")
            return
        intent = row.intent
        if row.state is not OrderState.SENDING:
            self.blame(f"{ticket.id} was sent while it was stored as {row.state}")
        if row.epoch != process.epoch or current.epoch != process.epoch:
            self.blame(f"{ticket.id} was sent by epoch {process.epoch} when {current.epoch} owned the account")
        if process.allowed != (ticket.id, now_s) or self._forbidden(process, intent):
            self.blame(f"{ticket.id} went past the gate")
        if self.clock.now_utc() >= intent.valid_until_utc:
            self.blame(f"{ticket.id} was sent when it was no longer good")
        if process.office.lease.age_s >= lease.TTL_S / 2:
            self.blame(f"{ticket.id} was sent on a lease of {process.office.lease.age_s:.1f} s")
        if intent.leg == FLATTEN_LEG and self._closed_twice(row):
            self.blame(f"{ticket.id} was sent while another closes {ticket.instrument}")
        if (ticket.instrument, ticket.side, ticket.quantity) != (intent.instrument, intent.side, intent.quantity):
            self.blame(f"{ticket.id} is not what was wanted")

    def _forbidden(self, process: Process, intent: OrderIntent) -> bool:
        flattens = intent.leg == FLATTEN_LEG
        level = process.office.switch.level
        if flattens:
            return level is not KillLevel.FLATTEN
        return blocks(level, reduces=False, flattens=False) or self.restricted(intent)

    def _closed_twice(self, row: OrderRow) -> bool:
        rows = self.journal.store.accounts[self.account].orders.values()
        alike = (row.intent.leg, row.intent.instrument)
        others = [one for one in rows if one.id != row.id and (one.intent.leg, one.intent.instrument) == alike]
        return any(one.state not in ENDED for one in others)

    def committed(self, batch: Batch) -> None:
        """See what was stored."""
        for entry in batch:
            match entry:
                case StoreOrder(row):
                    self.say(f"stored {row.id}")
                case ChangeOrder(row, was):
                    self.say(f"order {row.id} {was} to {row.state} {row.number} {row.filled}")
                    self._look_at(row)
                    self._look_out(row, was)
                case Book():
                    self.say(f"booked {entry.reference} {entry.quantity}")

    def _look_at(self, row: OrderRow) -> None:
        # Nothing is given up before it can be, nor taken for refused when nobody said no.
        waited_s = self.loop.now_s - self.broker.left_s.get(row.id, -NEVER_S)
        if row.state is OrderState.NOT_PLACED and waited_s < self.broker.capabilities.late_horizon_s:
            self.blame(f"{row.id} was given up {waited_s:.0f} s after it was sent")
        if row.state is OrderState.REJECTED and row.reason not in _DENIALS and row.id not in self.broker.refused:
            self.blame(f"{row.id} is rejected, and nobody refused it")
        if row.state in ENDED and unbooked(self, row):
            self.blame(
                f"{row.id} is {row.state} before what the broker executed of it is booked: what is held is unknown"
            )

    def _look_out(self, row: OrderRow, was: OrderState) -> None:
        # What is given up may show up: between the two, it is killed or stopped on some days.
        process = self.lives[-1]
        if row.state is OrderState.NOT_PLACED:
            self.given_up[row.id] = self.kills
            shows_s = self.broker.hiding.given_up(row.id)
            if shows_s is not None:
                self._trouble(shows_s)
        elif row.state is OrderState.ADOPTED_LATE is not was:
            killed = self.kills > self.given_up.get(row.id, self.kills)
            stopped = process.office.switch.level > KillLevel.NONE
            ways = {"after a kill -9": killed, "under a kill switch": stopped}
            self.adopted_late[row.id] = {way for way, so in ways.items() if so}

    def _trouble(self, shows_s: float) -> None:
        draw, due_s = self.of_late.random(), self.of_late.uniform(self.loop.now_s, shows_s)
        if draw < 0.35:
            self.loop.call_at(due_s, self._kill_process)
        elif draw < 0.65 and self.flatten_s == NEVER_S:
            self.pulled_until_s = max(self.pulled_until_s, shows_s + self.of_late.uniform(1.0, 15.0))
            pull = Pull(self._kill(self.of_late.choice(PULLS)))
            self.loop.call_at(due_s, lambda: self.background(self._wish(pull)))

    def _kill_process(self) -> None:
        # Where it waits for anything, it never hears of it.
        if not self.lives[-1].dead:
            self.say("killed where it was")
            self.lives[-1].dead = True
            self.kills += 1

    # -- time

    async def live(self) -> None:
        """Trade one day: trouble, then calm, the close, and time to get everything straight."""
        trading = self.background(self._supervise())
        self.background(self._meddle())
        self.background(self._close_all())
        self.background(self._order_by_hand())
        if self.chance(self.chances.outage):
            self.loop.call_at(self.rng.uniform(0.0, CHAOS_S), self._go_dark)
        for name, banned_s in sorted(self.bans.items(), key=lambda each: each[1]):
            if banned_s < CHAOS_S:
                await asyncio.sleep(banned_s - self.loop.now_s)
                self.limits[""] = replace(EASY, restricted=self.limits[""].restricted | {str(name)})
        await asyncio.sleep(CHAOS_S - self.loop.now_s)
        self.chances = CALM
        self.broker.calm()
        self.broker.takes_all = self.flatten_s < NEVER_S
        _poll_less()
        await asyncio.sleep(max(0.0, max(GRACE_S, self.broker.quiet_from_s + 90.0) - self.loop.now_s))
        while self.broker.hiding.over_s > self.loop.now_s - 90.0:
            await asyncio.sleep(5.0)
        self.broker.close_session()
        self.say("the session is over")
        await self._settle(self.loop.now_s)
        trading.cancel()
        await asyncio.gather(trading, return_exceptions=True)

    async def _settle(self, closed_s: float) -> None:
        while self.loop.now_s < closed_s + STUCK_S:
            await asyncio.sleep(5.0)
            process = self.lives[-1]
            agreed_s = process.office.reconciler.agreed_s
            waits = process.dead or process.office.desk.rows or agreed_s is None or agreed_s < closed_s + 5.0
            if not waits and not still_held(self) and not await self.journal.cancels(self.account):
                return
            if self.wrong:
                return
        rows = [f"{row.id} {row.state}" for row in self.lives[-1].office.desk.rows.values()]
        self.blame(f"stuck for hours: {rows or still_held(self) or 'the daemon'}")

    async def _supervise(self) -> None:
        while True:
            try:
                epoch = await self.ownership.acquire(self.account)
            except Busy:
                await self._take_over()
                continue
            self.renewed_s = self.loop.now_s
            process = Process(self, epoch)
            self.lives.append(process)
            self.say(f"epoch {epoch} begins")
            ended = await self._life(process)
            self.say(f"epoch {epoch} {ended}")
            await asyncio.sleep(self.rng.uniform(0.5, 8.0))

    async def _life(self, process: Process) -> str:
        # A life ends by itself, or another takes over when its lease ran out though it may not know yet.
        life = self.background(process.live())
        while not life.done():
            await asyncio.wait([life], timeout=max(0.5, self.renewed_s + lease.TTL_S + 0.001 - self.loop.now_s))
            if self.loop.now_s - self.renewed_s > lease.TTL_S and not process.dead:
                return "lost its lease"
        return str(life.result())

    async def _take_over(self) -> None:
        # The lock of a dead process is free at once; that of a silent one when its lease ran out.
        if not self.lives or self.lives[-1].dead or self.loop.now_s - self.renewed_s > lease.TTL_S:
            self.ownership.crash(self.account)
        else:
            await asyncio.sleep(0.5)

    def _go_dark(self) -> None:
        self.outage_until_s = self.loop.now_s + self.rng.uniform(1.0, 30.0)
        self.say("the database is gone")

    async def _order_by_hand(self) -> None:
        # Orders that another process stores: the owner finds them.
        for due_s, identity, intent in self.plan[1::2]:
            await asyncio.sleep(max(0.0, due_s - self.loop.now_s))
            batch = [StoreOrder(OrderRow(identity, intent, OrderState.NEW))]
            await self.journal.commit(self.account, NOBODY, batch)
            self.committed(batch)

    async def _meddle(self) -> None:
        # People: they cancel some orders, stop the account, and release what stopped by itself.
        asked = {order for order in self.by_id if self.rng.random() < 0.3}
        pulls = sorted(self.rng.uniform(0, CHAOS_S) for _ in range(self.rng.choice((0, 0, 1))))
        while True:
            await asyncio.sleep(self.rng.uniform(2.0, 8.0) if self.loop.now_s < CHAOS_S else 15.0)
            for order in sorted(asked):
                if await self.journal.order(order) is not None and self.rng.random() < 0.5:
                    asked.discard(order)
                    await self._wish(AskCancel(order, "a person"))
            if self.loop.now_s >= self.flatten_s:
                continue
            if pulls and self.loop.now_s > pulls[0]:
                pulls.pop(0)
                await self._wish(Pull(self._kill(self.rng.choice(PULLS))))
            elif self.loop.now_s >= self.pulled_until_s and await self.journal.kills(self.account):
                await self._wish(Pull(self._kill(KillLevel.NONE)))

    async def _close_all(self) -> None:
        if self.flatten_s < NEVER_S:
            await asyncio.sleep(self.flatten_s - self.loop.now_s)
            await self._wish(Pull(self._kill(KillLevel.NONE)))
            await self._wish(Pull(self._kill(KillLevel.FLATTEN)))

    def _kill(self, level: KillLevel) -> Kill:
        return Kill(level, self.account, "person", "", self.clock.now_utc())

    async def _wish(self, entry: AskCancel | Pull) -> None:
        self.say(f"wish {entry}")
        await self.journal.commit(self.account, NOBODY, [entry])

    # -- keeping

    def background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def say(self, what: str) -> None:
        self.broker.log.append(f"{self.loop.now_s:.6f} {what}")

    def blame(self, what: str, error: BaseException | None = None) -> None:
        self.say(f"WRONG {what}")
        self.wrong.append(what)
        if error is not None:
            self.wrong += _traceback(error)


def play(seed: int) -> Outcome:
    """Play a seed and judge what is left."""
    with _seldom_polled():
        world = World(seed)
        run(world.loop, world.live())
    world.wrong += breaches(world)
    exchange, account = world.broker.exchange, world.journal.store.accounts[world.account]
    counts = {
        "orders": len(account.orders),
        "at the broker": len(exchange.placed),
        "executions": len(exchange.history),
        "lives": len(world.lives),
        "quarantined": len(account.quarantined),
        "adopted late": len(world.adopted_late),
    }
    for way in (way for ways in world.adopted_late.values() for way in ways):
        counts[f"adopted late {way}"] = counts.get(f"adopted late {way}", 0) + 1
    for row in account.orders.values():
        counts[row.state.value] = counts.get(row.state.value, 0) + 1
        counts["flattened"] = counts.get("flattened", 0) + (row.intent.leg == FLATTEN_LEG and row.filled > 0)
    return Outcome(seed, world.wrong, world.broker.log, counts)


def _plan(rng: Random) -> list[tuple[float, str, OrderIntent]]:
    wanted = []
    # Where all look the same, a broker without ids is the hardest to follow.
    alike = rng.random() < 0.25
    names, sides, sizes = (NAMES[:1], [Side.BUY], (5,)) if alike else (NAMES, list(Side), (1, 5, 5, 10, 20))
    for sequence in range(rng.randint(2, 9)):
        due_s = rng.uniform(0.0, CHAOS_S * 0.8)
        stamp = BEGIN + timedelta(seconds=due_s)
        limit = Decimal(rng.randint(90, 110)) if not alike and rng.random() < 0.5 else None
        intent = OrderIntent(
            account=World.account,
            run="",
            instrument=rng.choice(names),
            side=rng.choice(sides),
            quantity=Decimal(rng.choice(sizes)),
            kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
            time_in_force=TimeInForce.DAY,
            stamp_utc=stamp,
            valid_until_utc=stamp + timedelta(seconds=rng.uniform(10.0, 90.0)),
            sequence=sequence,
            limit_price=limit,
            reference_price=Decimal(100),
            strategy="sim",
        )
        wanted.append((due_s, order_id(intent), intent))
    return sorted(wanted, key=lambda each: each[0])


_POLLS = (
    (sender, "POLL_S", 3.0, 8.0),
    (canceller, "POLL_S", 3.0, 8.0),
    (kill_switch, "EVERY_S", 1.5, 10.0),
    (obeying, "EVERY_S", 3.0, 15.0),
    (resolving, "EVERY_S", 2.0, 6.0),
    (lease, "RENEW_EVERY_S", 2.0, 4.0),
    (watchman, "EVERY_S", 5.0, 60.0),
)


@contextmanager
def _seldom_polled() -> Iterator[None]:
    # Polls are a second way to learn what bells tell at once; seldom enough, they cost nothing.
    with ExitStack() as stack:
        for module, name, often_s, _ in _POLLS:
            stack.enter_context(patch.object(module, name, often_s))
        yield


def _poll_less() -> None:
    for module, name, _, seldom_s in _POLLS:
        setattr(module, name, seldom_s)


_DENIALS = {denial.value for denial in Denial}


def _traceback(error: BaseException) -> list[str]:
    lines, frame = [], error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        lines.append(f"  at {code.co_filename.rpartition('/')[2]}:{frame.tb_lineno} {code.co_name}")
        frame = frame.tb_next
    return lines


Play = Callable[[int], Outcome]
