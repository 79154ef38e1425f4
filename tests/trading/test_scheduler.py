"""Daily jobs are done once for each session, whatever the clock does."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.scale import scaled
from tests.trading.virtual_time import run

from midas.core.clock import ManualClock
from midas.trading.desk import Desk
from midas.trading.market_clock import MarketClock
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.scheduler import DailyJob, Scheduler
from midas.venues.catalogue import venue

PLACES = {
    "DST begins in New York": ("XNAS", datetime(2024, 3, 8, tzinfo=UTC)),
    "DST ends in New York": ("XNAS", datetime(2024, 11, 1, tzinfo=UTC)),
    "leap day": ("XNAS", datetime(2024, 2, 27, tzinfo=UTC)),
    "midnight in Seoul": ("XKRX", datetime(2024, 5, 6, 15, tzinfo=UTC)),
    "midnight in Mumbai": ("XNSE", datetime(2024, 5, 6, 18, 30, tzinfo=UTC)),
    "year's end": ("XKRX", datetime(2024, 12, 27, tzinfo=UTC)),
}


class TestLatestAlone:
    def test_of_several_sessions_that_are_due_the_last_is_done(self) -> None:
        run(self.story())

    async def story(self) -> None:
        journal, clock, done = MemoryJournal(), ManualClock(datetime(2024, 3, 8, 23, tzinfo=UTC)), []

        async def work(session: date) -> None:
            done.append(session)

        job = DailyJob("parity", venue("XNAS").calendar, "close", timedelta(minutes=30), work, latest_alone=True)
        epoch = await MemoryOwnership(journal).acquire("a")
        scheduler = Scheduler(Desk("a", "USD", epoch, journal, clock), [job])
        assert await scheduler.once() == 1
        clock.advance(timedelta(days=7))
        assert [await scheduler.once(), await scheduler.once()] == [1, 0]
        assert done == [date(2024, 3, 8), date(2024, 3, 15)]

    def test_nothing_is_due_before_a_replay_told_a_time(self) -> None:
        run(self.replayed())

    async def replayed(self) -> None:
        journal, clock, done = MemoryJournal(), ManualClock(datetime(2026, 3, 8, 23, tzinfo=UTC)), []

        async def work(session: date) -> None:
            await asyncio.sleep(1)
            done.append(session)

        job = DailyJob("parity", venue("XNAS").calendar, "close", timedelta(0), work)
        market, epoch = MarketClock(clock), await MemoryOwnership(journal).acquire("a")
        scheduler = Scheduler(Desk("a", "USD", epoch, journal, clock, market), [job])
        assert await scheduler.once() == 0
        market.move_to(datetime(2010, 6, 30, 20, tzinfo=UTC))
        assert await asyncio.gather(*(scheduler.once() for _ in range(3))) == [1, 0, 0]
        assert done == [date(2010, 6, 30)], "by the market's time, not the machine's"


@pytest.mark.figure("R9")
class TestOnce:
    @pytest.mark.parametrize("place", PLACES)
    def test_for_each_session(self, place: str, record_property: Callable[[str, object], None]) -> None:
        cases = max(2, -(-scaled(200) // len(PLACES)))
        record_property("cases", cases)
        mic, begin = PLACES[place]
        for seed in range(cases):
            run(self.story(mic, begin, random.Random(f"{place} {seed}")))

    async def story(self, mic: str, begin: datetime, rng: random.Random) -> None:
        calendar = venue(mic).calendar
        journal = MemoryJournal()
        clock = ManualClock(begin)
        done: Counter[date] = Counter()

        async def work(session: date) -> None:
            done[session] += 1

        edge = rng.choice(["open", "close"])
        # some are due around midnight of the venue, or on the day after
        offset = timedelta(minutes=rng.choice([0, 30, 8 * 60, 9 * 60]))
        job = DailyJob("report", calendar, edge, offset, work)  # type: ignore[arg-type]
        ownership = MemoryOwnership(journal)
        desk = Desk("a", "USD", await ownership.acquire("a"), journal, clock)
        scheduler = Scheduler(desk, [job])
        await scheduler.once()
        first = max(done, default=begin.date() - timedelta(days=15))
        skew = timedelta(minutes=rng.uniform(-5, 5))
        clock.current_utc += skew
        latest = clock.current_utc
        while clock.current_utc < begin + timedelta(days=7):
            clock.advance(timedelta(minutes=rng.choice([1, 7, 30, 240])))
            if rng.random() < 0.05:
                clock.current_utc -= timedelta(hours=1)
            if rng.random() < 0.05:
                ownership.crash("a")
                scheduler = Scheduler(Desk("a", "USD", await ownership.acquire("a"), journal, clock), [job])
            await scheduler.once()
            latest = max(latest, clock.current_utc)
        sessions = [each for each in calendar.sessions(first, latest.date()).tolist() if job.due_utc(each) <= latest]
        assert dict(done) == dict.fromkeys([each for each in sessions if each >= min(done)], 1)
        assert len(done) >= 3
