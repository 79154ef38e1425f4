"""The runs of one account on one feed, and the paper broker they trade with: row by row, in step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from midas.core.instrument import InstrumentId
from midas.execution.broker import Report
from midas.execution.loop_events import Ended, Filled, Moved
from midas.marketdata.feed import BarRow, CorporateAction, Feed, FeedEvent, Grown, Remark, SessionEdge, Tick, Waiting
from midas.portfolio.booking import MoveKind
from midas.risk.kill import KillLevel
from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.desk import Desk
from midas.trading.draft import Draft, News
from midas.trading.equity import Worth
from midas.trading.feed_book import FeedBook
from midas.trading.feed_events import events_of
from midas.trading.gatekeeper import Gatekeeper
from midas.trading.journal import Checkpoint
from midas.trading.market_clock import MarketClock
from midas.trading.origin import BROKERS_OWN, origin_of
from midas.trading.quotes import Quotes
from midas.trading.reports import Reports
from midas.trading.runner import Runner
from midas.trading.share import Share, share_of

SMALLEST = Decimal("1e-9")
"""Of a share."""
NOBODY = ""
"""Whose it is that no run here holds."""
KEEP_EVERY_S = 1.0
"""Rows in which nothing happened are not stored one by one: where a run is, is told this often."""


class Matcher(Protocol):
    """A broker of ours that meets the market by itself: the paper broker's other side."""

    @property
    def row(self) -> int: ...

    def act(self, action: CorporateAction) -> None: ...

    def learn(self, row: BarRow) -> None: ...

    def advance(self, row: BarRow, opened_utc: datetime) -> Sequence[Report]: ...

    def state(self) -> bytes: ...

    def resume(self, state: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What a floor works with."""

    desk: Desk
    reports: Reports
    quotes: Quotes
    gatekeeper: Gatekeeper
    level: Callable[[], KillLevel]
    settle: Callable[[], Awaitable[None]]
    """Sends what is stored; a replay waits for it before it goes on."""
    caught_up: Callable[[], Awaitable[object]]
    """Does what is due once a feed that goes on later has told all there is."""


class Floor:
    """Tells runs what happens. A row, what the paper broker made of it, and what the runs want are one batch.

    waits : the feed told all there is, and all that came of it is done.
    """

    def __init__(
        self, around: Around, feed: Feed, runners: Sequence[Runner], matcher: Matcher | None, market: MarketClock | None
    ) -> None:
        self.runners = {runner.run: runner for runner in runners}
        self._around, self._feed = around, feed
        self._matcher, self._market = matcher, market
        self._matcher_key = checkpoint_key("paper", around.desk.account)
        self._worth_key = checkpoint_key("worth", around.desk.account)
        self._quotes_key = checkpoint_key("quotes", around.desk.account)
        self._at = -1
        self._actions = 0
        self._opened_utc: datetime | None = None
        self._happened = False
        self._beside: dict[InstrumentId, Decimal] = {}
        self._kept_s = -KEEP_EVERY_S
        self._last: BarRow | None = None
        self._unvalued = False
        self._book = FeedBook(around.desk)
        self.waits = False
        around.desk.tell = self.tell

    async def open(self) -> None:
        """Take up where the last batch left off."""
        journal = self._around.desk.journal
        kept = await journal.checkpoint(self._matcher_key)
        if kept is not None and self._matcher is not None:
            self._matcher.resume(kept.state)
            self._move_to(kept.stamp_utc)
            self._opened_utc = kept.stamp_utc
        worth = await journal.checkpoint(self._worth_key)
        if worth is not None:
            self._around.gatekeeper.worth = Worth.from_bytes(worth.state)
        quotes = await journal.checkpoint(self._quotes_key)
        if quotes is not None:
            self._around.quotes.restore(quotes.state)
        for runner in self.runners.values():
            kept = await journal.checkpoint(runner.run)
            runner.resume(kept)
            if kept is not None:
                self._move_to(kept.stamp_utc)
        await self._book.open()
        self._at = min(self._rows(), default=-1)
        self.look()
        self._unvalued = self._value_again()

    def _value_again(self) -> bool:
        # who died with a row did not live to see what the account was worth at its close
        gatekeeper, day = self._around.gatekeeper, self._around.quotes.session
        before = gatekeeper.worth
        return before is not None and day is not None and gatekeeper.mark(day) != before

    def look(self) -> None:
        """See what the account holds beside the runs, bought by hand or by a run that is over; between two batches."""
        held = self._around.desk.books.quantities
        beside = {name: held[name] - sum(run.held(name) for run in self.runners.values()) for name in held}
        self._beside = {name: quantity for name, quantity in beside.items() if abs(quantity) >= SMALLEST}

    @property
    def row(self) -> int:
        """The last row everybody on it knows."""
        return self._at

    async def run(self) -> None:
        """Follow the feed to its end.

        Raises
        ------
        Fenced, Unavailable, StorageFull, Undecided: so; open another floor and go on.
        FeedBroken: the feed cannot go on.
        """
        await self._around.settle()
        async for event in events_of(self._feed, self._at):
            await self.hear(event)
        await self._close()

    async def _close(self) -> None:
        # rows in which nothing happened were not stored: where the market ended would be forgotten
        if self._last is None and not self._unvalued:
            return
        stamp_utc = self._around.desk.market.now_utc() if self._last is None else self._last.stamp_utc
        await self._around.reports.take(step="row", then=lambda draft: self._keep(draft, self._at, stamp_utc))
        self._unvalued = False

    async def hear(self, event: FeedEvent) -> None:
        """Take one event of the feed."""
        self._around.quotes.hear(event, self._feed.instruments)
        match event:
            case CorporateAction():
                self._act(event)
            case SessionEdge():
                await self._hear_edge(event)
            case BarRow() if event.row > self._at:
                await self._hear_row(event)
            case Tick():
                self._move_to(event.received_utc)
            case Grown():
                self.waits = False
                await self._book.grown(event)
                await self._around.settle()  # what was placed before the new rows were there meets them
            case Remark():
                await self._book.remark(event)
            case Waiting():
                await self._rest(event)

    async def _rest(self, event: Waiting) -> None:
        await self._close()
        await self._around.settle()
        await self._around.caught_up()
        await self._book.waits(event, None if self._last is None else self._last.stamp_utc)
        self.waits, self._last = True, None

    def tell(self, draft: Draft) -> None:
        """Let runs hear of a change before it is stored, and store what they make of it with it."""
        news, draft.news = draft.news, []
        stamp_utc = self._around.desk.market.now_utc()
        heard: set[str] = set()
        for each in news:
            # parted by what all of them held before any of them heard of it
            parts = {runner.run: self._of(runner, each, draft) for runner in self.runners.values()}
            for runner in self.runners.values():
                if parts[runner.run]:
                    runner.hear(draft, parts[runner.run], stamp_utc)
                    heard.add(runner.run)
        for runner in self.runners.values():
            if runner.run in heard:
                runner.keep(draft, stamp_utc)

    async def _hear_edge(self, edge: SessionEdge) -> None:
        self._move_to(edge.stamp_utc)
        self._opened_utc = edge.stamp_utc
        deciding = [] if edge.opened else [each for each in self.runners.values() if each.loop.waits]
        if deciding:
            await self._around.reports.take(step="row", then=lambda draft: self._decide(draft, edge, deciding))
            if self._happened or self._around.level() >= KillLevel.CANCEL_ALL:
                await self._around.settle()

    async def _hear_row(self, row: BarRow) -> None:
        self._move_to(row.stamp_utc)
        reports = self._matched(row)
        deciding = [runner for runner in self.runners.values() if runner.hears(row)]
        await self._around.reports.take(*reports, step="row", then=lambda draft: self._decide(draft, row, deciding))
        self._at, self._actions, self._opened_utc, self._last = row.row, 0, row.stamp_utc, row
        if reports:
            self.look()
        self._around.gatekeeper.mark(row.session)
        self._around.gatekeeper.protect()
        if self._happened or self._around.level() >= KillLevel.CANCEL_ALL:
            await self._around.settle()

    def _decide(self, draft: Draft, event: BarRow | SessionEdge, deciding: Sequence[Runner]) -> None:
        if draft.news:
            self.tell(draft)
        level = self._around.level()
        for runner in deciding:
            runner.switch(draft, level, event.stamp_utc)
            runner.hear(draft, [event], event.stamp_utc)
        # where nothing came of a row, the row is all there is to know: it can be read again
        self._happened = bool(draft.entries)
        now_s = self._around.desk.clock.monotonic_s()
        row = event.row if isinstance(event, BarRow) else self._at
        if self._happened or (now_s - self._kept_s >= KEEP_EVERY_S and self._live(row)):
            self._keep(draft, row, event.stamp_utc)
            self._kept_s = now_s

    def _live(self, row: int) -> bool:
        return any(row >= runner.first for runner in self.runners.values())

    def _keep(self, draft: Draft, row: int, stamp_utc: datetime) -> None:
        for runner in self.runners.values():
            runner.keep(draft, stamp_utc)
        if self._matcher is not None:
            draft.entries.append(Checkpoint(self._matcher_key, self._matcher.row, stamp_utc, self._matcher.state()))
        quotes = self._around.quotes.to_bytes()
        draft.entries.append(Checkpoint(self._quotes_key, row, stamp_utc, quotes))
        worth = self._around.gatekeeper.worth
        if worth is not None:
            draft.entries.append(Checkpoint(self._worth_key, row, stamp_utc, worth.to_bytes()))

    def _matched(self, row: BarRow) -> Sequence[Report]:
        if self._matcher is None or self._matcher.row >= row.row:
            return ()
        if row.row < min((runner.first for runner in self.runners.values()), default=row.row):
            self._matcher.learn(row)
            return ()
        return self._matcher.advance(row, self._opened_utc or row.stamp_utc)

    def _act(self, action: CorporateAction) -> None:
        self._actions += 1
        if self._matcher is not None and self._matcher.row <= self._at:
            self._matcher.act(action)
        for runner in self.runners.values():
            if runner.loop.row <= self._at:
                runner.act(action, self._actions)

    def _of(self, runner: Runner, news: News, draft: Draft) -> list[Filled | Ended | Moved]:
        match news:
            case Moved():
                # what an owner pays in is not what a run was given to trade with
                if news.move.kind == MoveKind.DEPOSIT:
                    return []
                share = self._share(runner, news.move.instrument)
                return [] if share is None else [Moved(share.of_move(news.move))]
            case Filled():
                order = news.fill.order
            case Ended():
                order = news.order
        row = self._around.desk.rows.get(order)
        if order in draft.rows:
            row = draft.rows[order][1]
        if row is None:
            return []
        if isinstance(news, Filled) and origin_of(row.intent) in BROKERS_OWN:
            share = self._share(runner, news.fill.instrument)
            return [] if share is None else [Filled(share.of_fill(news.fill))]
        return [news] if row.intent.run == runner.run else []

    def _share(self, runner: Runner, instrument: InstrumentId | None) -> Share | None:
        held = {name: each.held(instrument) for name, each in self.runners.items()}
        if instrument in self._beside:
            held[NOBODY] = self._beside[instrument]
        return share_of(held, runner.run)

    def _rows(self) -> list[int]:
        rows = [runner.loop.row for runner in self.runners.values()]
        return rows if self._matcher is None else [*rows, self._matcher.row]

    def _move_to(self, stamp_utc: datetime) -> None:
        if self._market is not None:
            self._market.move_to(stamp_utc)
