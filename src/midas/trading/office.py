"""Everything that trades one account, put together, for as long as this process owns it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from midas.core.clock import Clock
from midas.core.instrument import Instrument
from midas.execution.broker import Broker, CashMove
from midas.marketdata.feed import Feed
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.locks import LONGEST
from midas.trading.canceller import Canceller
from midas.trading.crash_point import Reached, pass_by
from midas.trading.desk import Desk
from midas.trading.feed_events import FeedBroken
from midas.trading.flag_file import FlagFile
from midas.trading.floor import Around, Floor, Matcher
from midas.trading.gatekeeper import Gatekeeper
from midas.trading.heeding import Heeding
from midas.trading.journal import AskCancel, Fenced, Journal, MoveRun, Ownership
from midas.trading.kill_switch import KillSwitch
from midas.trading.lease import TTL_S, Lease
from midas.trading.lifecycle import RunState
from midas.trading.market_clock import MarketClock
from midas.trading.mending import mend
from midas.trading.obeying import Obedience
from midas.trading.quotes import Quotes
from midas.trading.reconciler import EVERY_S, Reconciler
from midas.trading.reports import Reports
from midas.trading.resolving import Resolver
from midas.trading.runner import Runner
from midas.trading.scheduler import DailyJob, Scheduler
from midas.trading.sender import Sender
from midas.trading.watchman import Watchman
from midas.venues.venue import Venue

CLOSED_EVERY_S = 0.25
CAPITAL = "capital"
"""Reference of the booking that pays an account's capital in."""


@dataclass(frozen=True, slots=True)
class Mission:
    """What an office is for: an account, the runs on it, and how it reaches its broker and its market.

    capital : minor units paid in when the account is new, 0 where its broker tells. limits : by run, "" for the
    account's. broker : made with the market's clock. matcher : the paper broker's other side. replay : the feed tells
    the past, so its time is the market's; one that is not `paced` goes as fast as it can, and its jobs are done once,
    when it ends. closing : there is no run, and it is over when nothing is held and nothing at work. cancelling :
    there is no run, nothing is sent but cancels, the market stands still, and it is over when those are sent.
    stale_after_s : so long without a price and the feed counts as dead. has_told : of a feed that tells bars some time
    after they are there, whether all there were at a moment are told; until then an order by hand of then waits.
    """

    account: str
    currency: str
    live: bool
    broker: Callable[[Clock], Broker]
    capital: int = 0
    limits: Mapping[str, Limits] = field(default_factory=dict)
    instruments: Sequence[Instrument] = ()
    venues: Mapping[str, Venue] = field(default_factory=dict)
    raw_prices: bool = True
    fractions: bool = False
    feed: Feed | None = None
    matcher: Callable[[Broker], Matcher] | None = None
    runners: Callable[[Broker], Sequence[Runner]] = lambda _broker: ()
    replay: bool = False
    paced: bool = True
    closing: bool = False
    cancelling: bool = False
    stale_after_s: float | None = None
    has_told: Callable[[datetime], bool] | None = None
    jobs: Callable[[Desk], Sequence[DailyJob]] = lambda _desk: ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every office of a process shares.

    process_live : whether it may touch live accounts at all. fenced : told, perhaps more than once, as soon as anything
    finds that another process owns an account: what else is under way may keep its office from closing.
    """

    journal: Journal
    ownership: Ownership
    clock: Clock
    jitter: Callable[[], float]
    flag: FlagFile | None = None
    reached: Reached = pass_by
    process_live: bool = False
    lease_s: float = TTL_S
    fenced: Callable[[], None] = lambda: None


class Office:
    """One account's desk, sender, canceller, reports, reconciler, switch and floor."""

    def __init__(self, mission: Mission, around: Surroundings, epoch: int, told: KillLevel = KillLevel.NONE) -> None:
        self.mission = mission
        self._fenced = around.fenced
        clock = around.clock
        market = MarketClock(clock) if mission.replay else None
        desk = Desk(mission.account, mission.currency, epoch, around.journal, clock, market, around.reached)
        self.desk = desk
        self.broker = mission.broker(desk.market)
        self.switch = KillSwitch(desk, around.flag, told)
        self.lease = Lease(mission.account, epoch, around.ownership, clock, around.lease_s)
        timezones = {mic: one.timezone for mic, one in mission.venues.items()}
        self.quotes = Quotes(clock, mission.stale_after_s, timezones)
        self.runners = {runner.run: runner for runner in mission.runners(self.broker)}
        self.gatekeeper = Gatekeeper(
            desk, self.switch, self.quotes, lambda: self.reconciler, limits=mission.limits,
            armed=self._armed, live=mission.live, process_live=around.process_live, closes=not mission.cancelling,
        )  # fmt: skip
        self.gatekeeper.instruments.update({one.id: one for one in mission.instruments})
        self.gatekeeper.venues.update(mission.venues)
        self.gatekeeper.raw_prices, self.gatekeeper.fractions = mission.raw_prices, mission.fractions
        self.gatekeeper.cuts_purchases = self.broker.capabilities.cuts_purchases
        self.gatekeeper.kinds = self.broker.capabilities.kinds
        self.gatekeeper.cuts_sales = self.broker.capabilities.cuts_sales
        if mission.has_told is not None:
            self.gatekeeper.has_told = mission.has_told
        desk.working.costs = self.gatekeeper.costs
        self.sender = Sender(desk, self.broker, self.gatekeeper, self.lease)
        self.canceller = Canceller(desk, self.broker, self.switch, self.lease)
        self.reports = Reports(desk, self.broker, around.jitter)
        self.resolver = Resolver(desk, self.broker, self.reports, self.sender)
        self.reconciler = Reconciler(desk, self.broker, self.reports, self.resolver, self.switch)
        self.obedience = Obedience(desk, self.switch, self.quotes)
        self.scheduler = Scheduler(desk, mission.jobs(desk))
        timezone = next((one.timezone for one in mission.venues.values()), "UTC")
        self.watchman = Watchman(desk, self.gatekeeper, timezone)
        self.heeding = Heeding(desk, self.gatekeeper, self.runners)
        self.floor = self._floor(market)
        self.ready = asyncio.Event()
        self.over = asyncio.Event()
        self.stuck = False
        self.broken: FeedBroken | None = None

    async def open(self) -> None:
        """Take up where whoever owned the account before left off."""
        await self.desk.open()
        if self.mission.capital and not await self.desk.journal.booked(self.mission.account, CAPITAL):
            await self.reports.take(
                CashMove(CAPITAL, "deposit", None, self.mission.capital, None, self.desk.now_utc), step="capital"
            )
        await self.switch.refresh()
        await self.reconciler.open()
        await self._recall_purchases()
        if self.floor is not None:
            await self.floor.open()
            if self.mission.matcher is not None:
                await mend(self.desk, self.broker)
        await self.resolver.begin()

    async def work(self) -> None:
        """Trade until something ends it.

        Raises
        ------
        ExceptionGroup: of Fenced, Halted, Unavailable, Undecided, IllegalMove, or what nobody foresaw.
        """
        async with asyncio.TaskGroup() as group:
            parts: list[Callable[[], Awaitable[None]]] = [
                self.lease.keep, self.switch.watch, self.obedience.run, self.reports.follow, self.reconciler.run,
                self.resolver.run, self.canceller.run, self._trade,
                self.heeding.run,
            ]  # fmt: skip
            if not self.mission.cancelling:
                parts.append(self.sender.run)
            if self.mission.paced:
                parts.append(self.scheduler.run)
            if not self.mission.replay:
                # in a replay time stands still between two rows: there they are what it goes by
                parts.append(self.watchman.run)
            if self.mission.closing:
                parts.append(self._until_closed)
            for part in parts:
                group.create_task(self._heard(part), name=getattr(part, "__qualname__", "part"))

    async def stop_run(self, run: str, why: str) -> None:
        """Let a run be over: it hears nothing more, and what it has at work is cancelled."""
        self.runners.pop(run, None)
        if self.floor is not None:
            self.floor.runners.pop(run, None)
            self.floor.look()
        mine = [row for row in self.desk.rows.values() if row.intent.run == run]
        asked = [AskCancel(row.id, why) for row in mine]
        moved = MoveRun(run, RunState.STOPPED.value, why)
        await self.desk.commit("run_stopped", *asked, moved, self.desk.audit("run.stopped", run, {"why": why}))
        self.desk.ring()

    async def _recall_purchases(self) -> None:
        now_utc, venues = self.desk.market.now_utc(), self.mission.venues.values()
        if not self.gatekeeper.cuts_sales and any(venue.sell_lock(now_utc.date()) for venue in venues):
            fills = await self.desk.journal.fills(self.mission.account, since_utc=now_utc - LONGEST)
            self.desk.purchases.begin(fills)

    async def _heard(self, part: Callable[[], Awaitable[None]]) -> None:
        try:
            await part()
        except Fenced:
            self._fenced()
            raise

    def _floor(self, market: MarketClock | None) -> Floor | None:
        feed, matcher = self.mission.feed, self.mission.matcher
        if feed is None:
            return None
        around = Around(
            self.desk, self.reports, self.quotes, self.gatekeeper, lambda: self.switch.level, self._settle,
            self.scheduler.once,
        )  # fmt: skip
        return Floor(around, feed, list(self.runners.values()), matcher and matcher(self.broker), market)

    def _armed(self, run: str) -> bool:
        if not run:
            return not self.mission.live and not self.mission.cancelling
        runner = self.runners.get(run)
        return runner is not None and not runner.paused

    async def _settle(self) -> None:
        # a replay goes on when everything that can be sent was: cancels first, as what they free is wanted
        if not self.mission.replay:
            return
        if self.reconciler.age_s > self._fresh_s:
            await self.reconciler.once()
        await self.obedience.once()
        while True:
            cancelled = await self.canceller.drain()
            if cancelled:
                await self.reports.take(*await self.broker.orders())
            if not await self.sender.drain() and not cancelled:
                return

    @property
    def _fresh_s(self) -> float:
        # a replay does not go on past orders that wait for books to be compared again
        limits = (one.snapshot_age_s for one in self.gatekeeper.limits.values())
        return min((age_s / 2 for age_s in limits if age_s is not None), default=EVERY_S)

    async def _trade(self) -> None:
        await self.reconciler.compared.wait()
        self.ready.set()
        if self.mission.cancelling:
            await self._until_cancelled()
        if self.floor is None or self.mission.cancelling:
            return
        why = "the feed ended"
        try:
            await self.floor.run()
            # the last session of a replay closed: what is due then is done while its runs are still there
            await self.scheduler.once()
        except FeedBroken as broken:
            self.broken, why = broken, str(broken)
        for run in list(self.runners):
            await self.stop_run(run, why)
        await self._settle()
        if not self.mission.closing:
            self.over.set()
        elif self._exposed:
            self.stuck = True
            over = "the market of this account is over"
            await self.obedience.flattening.tell(over if self.broken is None else why)

    async def _until_cancelled(self) -> None:
        while await self.desk.journal.cancels(self.desk.account):
            await asyncio.sleep(CLOSED_EVERY_S)
        await self.reports.take(*await self.broker.orders())
        self.over.set()

    async def _until_closed(self) -> None:
        await self.ready.wait()
        while self._exposed:
            await asyncio.sleep(CLOSED_EVERY_S)
        self.over.set()

    @property
    def _exposed(self) -> bool:
        return bool(self.desk.rows or self.desk.books.quantities)
