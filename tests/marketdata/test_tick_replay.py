"""A replay of stored ticks tells the rows of the panel made of them, and goes on anywhere as if it never stopped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.marketdata.tick_market import DAYS, HOURS, NAMES, lake_of, made_up, raw_of

from midas.core.errors import DataBlocked, InvalidInput, Unavailable
from midas.core.timeframe import Timeframe
from midas.marketdata.feed import BarRow, FeedEvent, SessionEdge, Tick
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.marketdata.tick_importing import import_ticks
from midas.marketdata.tick_replay import TickReplay, feed_of
from midas.marketdata.universe import select

FIVE = Timeframe(5, "m")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_of(tmp_path_factory.mktemp("lake"), made_up(1, 250))


def feed(lake: Lake, panel: Panel, paced_from: int = 0, speed: float | None = None) -> TickReplay:
    made = feed_of(lake, panel, panel.rows, paced_from=paced_from, speed=speed)
    assert isinstance(made, TickReplay)
    return made


def plain(event: FeedEvent) -> Any:
    """What an event says, bits of its numbers included."""
    if not isinstance(event, BarRow):
        return event
    fields = {name: values.tobytes() for name, values in event.fields.items()}
    return (event.row, event.stamp_utc, event.session, fields, event.gap, event.closes, event.late)


def first_told(events: list[FeedEvent]) -> list[Any]:
    """Rows as they came first, and edges."""
    told, rows = list[Any](), set[int]()
    for event in events:
        if isinstance(event, SessionEdge) or (isinstance(event, BarRow) and event.row not in rows):
            told.append(plain(event))
            rows |= {event.row} if isinstance(event, BarRow) else set()
    return told


class TestRows:
    @pytest.mark.parametrize("symbols", [[], ["BBB"]])
    @pytest.mark.parametrize("start", [0, 1])
    def test_are_those_of_the_panel(self, lake: Lake, symbols: list[str], start: int) -> None:
        panel = select(lake, "ticks", symbols, FIVE).panel
        events = list(feed(lake, panel, paced_from=int(panel.begins[start])).told())
        assert first_told(events) == [plain(event) for event in Replay(panel).told()]
        ticks = [event for event in events if isinstance(event, Tick)]
        assert {str(tick.instrument) for tick in ticks} == {str(one.id) for one in panel.instruments}
        assert min(tick.received_utc for tick in ticks).date() == DAYS[start]

    def test_of_one_name_do_not_hang_on_who_else_is_asked_for(self, tmp_path: Path) -> None:
        # one of A comes too late for an interval in which B traded: A had no bar there, and gets none when it is alone
        begin = HOURS(DAYS[0])[0]
        moments = [("BBB.XNAS", 30, 30), ("AAA.XNAS", 40, 310), ("AAA.XNAS", 320, 320), ("AAA.XNAS", 700, 700)]
        rows = [
            (name, begin + timedelta(seconds=printed), begin + timedelta(seconds=came), 10.0, 1.0)
            for name, printed, came in moments
        ]
        lake = lake_of(tmp_path, pl.DataFrame(rows, schema=made_up(0, 1).schema, orient="row"))
        panel = select(lake, "ticks", ["AAA"], FIVE).panel
        assert panel.rows == 2
        assert first_told(list(feed(lake, panel).told())) == [plain(event) for event in Replay(panel).told()]

    def test_that_late_ticks_correct_come_again(self, lake: Lake) -> None:
        panel = lake.panel("ticks", FIVE)
        rows = [event for event in feed(lake, panel).told() if isinstance(event, BarRow)]
        again = [row for row in rows if row.final]
        assert len(rows) - len(again) == panel.rows
        assert len(again) > 5
        for row in again:
            first = next(one for one in rows if one.row == row.row)
            assert first.stamp_utc == row.stamp_utc
            before = np.nan_to_num(first.fields["volume"])
            assert (np.nan_to_num(row.fields["volume"]) >= before).all()

    def test_nothing_is_told_before_its_time(self, lake: Lake) -> None:
        moments = []
        for event in feed(lake, lake.panel("ticks", FIVE)).told():
            if isinstance(event, BarRow) and event.final:
                continue  # what was told before is corrected
            moments.append(event.received_utc if isinstance(event, Tick) else event.stamp_utc)  # type: ignore[union-attr]
        assert moments == sorted(moments)


class TestGoingOn:
    @pytest.mark.parametrize("start", [0, 1, 2])
    def test_behind_any_row_is_as_if_it_never_stopped(self, lake: Lake, start: int) -> None:
        panel = lake.panel("ticks", FIVE)
        first = int(panel.begins[start])
        whole = list(feed(lake, panel, first).told())
        places = {event.row: at for at, event in reversed(list(enumerate(whole))) if isinstance(event, BarRow)}
        for row in [*range(max(0, first - 3), panel.rows, 29), panel.rows - 1]:
            behind = [plain(event) for event in whole[places[row] + 1 :]]
            assert [plain(event) for event in feed(lake, panel, first).told(row)] == behind


class TestPace:
    def test_time_passes_as_it_did(self, lake: Lake) -> None:
        panel = lake.panel("ticks", FIVE)
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        made = TickReplay(
            panel, lambda day: lake.ticks("ticks", day), [one.id for one in panel.instruments],
            paced_from=int(panel.begins[1]), speed=60.0, sleep=sleep,
        )  # fmt: skip

        async def gone_through() -> list[FeedEvent]:
            return [event async for event in made.events()]

        events = asyncio.run(gone_through())
        assert [plain(event) for event in events] == [plain(event) for event in made.told()]
        # from the close of the first day to the last thing that came on the last one
        last = max(event.received_utc for event in events if isinstance(event, Tick))
        assert sum(slept) == pytest.approx((max(last, HOURS(DAYS[-1])[1]) - HOURS(DAYS[0])[1]).total_seconds() / 60.0)


class TestRefusals:
    def test_nobody_said_which_bars(self, lake: Lake) -> None:
        with pytest.raises(InvalidInput, match="ticks") as refusal:
            select(lake, "ticks", [])
        assert "--timeframe" in str(refusal.value.hint)
        with pytest.raises(InvalidInput, match="ticks"):
            select(lake, "ticks", [], Timeframe(1, "d"))
        with pytest.raises(InvalidInput, match="bars"):
            select(lake, "ticks", [], Timeframe.parse("tick"))

    def test_ticks_of_no_session_make_no_bars(self, tmp_path: Path) -> None:
        night = made_up(2, 20).with_columns(pl.col("ts", "arrived") - timedelta(hours=8))
        with pytest.raises(DataBlocked, match="session"):
            lake_of(tmp_path, night).panel("ticks", FIVE)

    def test_a_version_that_was_replaced(self, tmp_path: Path) -> None:
        frame = made_up(3, 60)
        lake = lake_of(tmp_path, frame)
        made = feed(lake, lake.panel("ticks", FIVE))
        for more in (0.01, 0.02):  # the version before the current one is kept for whoever reads it
            import_ticks(lake, raw_of(frame.with_columns(pl.col("price") + more)), dataset="ticks")
        with pytest.raises(Unavailable, match="replaced"):
            list(made.told())


def test_bars_of_another_length_are_another_version(lake: Lake) -> None:
    versions = {lake.panel("ticks", length).version for length in (FIVE, Timeframe(1, "h"))}
    assert len(versions) == 2
    assert lake.panel("ticks", FIVE).instruments == lake.instruments("ticks")
    assert replace(lake.panel("ticks", FIVE)).timeframe == FIVE
    assert {str(one.id) for one in lake.panel("ticks", FIVE).instruments} == set(NAMES)
