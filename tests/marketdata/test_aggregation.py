"""Ticks to bars against a slow oracle in polars: whatever the order they come in."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.aggregation import FIELDS, Aggregator
from midas.marketdata.feed import BarRow, Heartbeat, SessionEdge, Tick
from midas.venues.catalogue import venue

SCALE = int(os.environ.get("MIDAS_TEST_SCALE", "1"))
NAMES = (InstrumentId("AAA", "XNAS"), InstrumentId("BBB", "XNAS"))
HOURS = venue("XNAS", "USD").calendar.hours_utc
DAYS = (date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 5))  # the second closes early
MINUTE = Timeframe(1, "m")


def tick(name: int, price: float, size: float, stamp: datetime, late_s: float = 0.0) -> Tick:
    return Tick(NAMES[name], price, size, stamp, stamp + timedelta(seconds=late_s))


def at(day: date, seconds: float) -> datetime:
    return HOURS(day)[0] + timedelta(seconds=seconds)


def random_ticks(seed: int, count: int) -> list[Tick]:
    draw = np.random.default_rng(seed)
    found = []
    for day in DAYS:
        opens, closes = HOURS(day)
        length = (closes - opens).total_seconds()
        # whole milliseconds, so that stamps are often equal; some before the open and after the close
        for second in np.round(draw.uniform(-300.0, length + 300.0, count) * 2.0) / 2.0:
            late = float(np.round(draw.exponential(2.0), 3)) if draw.random() < 0.5 else 0.0
            price, size = float(np.round(draw.uniform(9.0, 11.0), 2)), float(draw.integers(0, 500))
            found.append(tick(int(draw.integers(2)), price, size, opens + timedelta(seconds=float(second)), late))
    return sorted(found, key=lambda one: one.received_utc)


def oracle(ticks: list[Tick], every_s: int) -> dict[tuple[datetime, int], tuple[float, ...]]:
    """Bars by (end, name) of all ticks inside sessions: by stamp, equal stamps in the order they came."""
    rows = []
    for place, one in enumerate(ticks):
        for day in DAYS:
            opens, closes = HOURS(day)
            if opens <= one.stamp_utc <= closes:
                inside = min((one.stamp_utc - opens).total_seconds(), (closes - opens).total_seconds() - 1e-6)
                ends = min(opens + timedelta(seconds=(inside // every_s + 1) * every_s), closes)
                rows.append((ends, NAMES.index(one.instrument), one.stamp_utc, place, one.price, one.size))
    columns = ["ends", "name", "stamp", "place", "price", "size"]
    frame = pl.DataFrame(rows, schema=columns, orient="row").sort("stamp", "place")
    bars = frame.group_by("ends", "name", maintain_order=True).agg(
        pl.col("price").first().alias("open"),
        pl.col("price").max().alias("high"),
        pl.col("price").min().alias("low"),
        pl.col("price").last().alias("close"),
        pl.col("size").sum().alias("volume"),
        (pl.col("price") * pl.col("size")).sum().alias("turnover"),
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in bars.iter_rows()}


def told(aggregator: Aggregator, ticks: list[Tick]) -> list[BarRow]:
    rows = [row for one in ticks for row in aggregator.on(one)]
    return rows + aggregator.on(SessionEdge(DAYS[-1], False, HOURS(DAYS[-1])[1] + timedelta(hours=1)))


def bars_of(rows: list[BarRow]) -> dict[tuple[datetime, int], tuple[float, ...]]:
    found = {}
    for row in rows:
        for name in range(len(NAMES)):
            values = tuple(float(row.fields[field][name]) for field in FIELDS)
            if not np.isnan(values[0]):
                found[row.stamp_utc, name] = values
    return found


class TestAgainstTheOracle:
    @pytest.mark.parametrize("seed", range(2 * SCALE))
    @pytest.mark.parametrize("every", ["1m", "7m", "1h"])
    def test_bars_that_wait_for_late_ticks(self, seed: int, every: str) -> None:
        ticks, frame = random_ticks(seed, 150), Timeframe.parse(every)
        aggregator = Aggregator(NAMES, frame, HOURS, wait_s=120.0)
        self.same(bars_of(told(aggregator, ticks)), oracle(ticks, frame.seconds))
        assert (aggregator.counts.late, aggregator.counts.correcting) == (0, 0)
        assert aggregator.counts.disordered > 0
        assert aggregator.counts.outside > 0

    @pytest.mark.parametrize("seed", range(2 * SCALE))
    def test_bars_that_are_corrected(self, seed: int) -> None:
        ticks = random_ticks(seed, 500)
        aggregator = Aggregator(NAMES, MINUTE, HOURS, keep_s=120.0)
        rows = told(aggregator, ticks)
        first = [row for row in rows if not row.final]
        again = [row for row in rows if row.final]
        assert aggregator.counts.correcting > 0
        assert {row.row for row in again} <= {row.row for row in first}
        assert len({row.row for row in again}) == len(again)
        wanted, found = oracle(ticks, 60), bars_of(rows)
        lost = {key for key in wanted if key not in found}
        assert len(lost) <= aggregator.counts.late  # a late tick of an interval in which nothing else traded
        self.same(found, {key: bar for key, bar in wanted.items() if key not in lost}, aggregator.counts.late)

    @staticmethod
    def same(found: dict, wanted: dict, missing: int = 0) -> None:
        assert found.keys() == wanted.keys()
        off = [key for key in wanted if not np.allclose(found[key], wanted[key], rtol=1e-12, atol=0.0)]
        assert len(off) <= missing


class TestRows:
    def test_are_counted_and_ascend(self) -> None:
        rows = told(Aggregator(NAMES, MINUTE, HOURS, next_row=40), random_ticks(7, 300))
        assert [row.row for row in rows] == list(range(40, 40 + len(rows)))
        assert [row.stamp_utc for row in rows] == sorted(row.stamp_utc for row in rows)
        assert {row.session for row in rows} == set(DAYS)

    def test_only_the_last_of_a_session_closes_it(self) -> None:
        rows = told(Aggregator(NAMES, Timeframe(1, "h"), HOURS), random_ticks(1, 400))
        assert [row.stamp_utc for row in rows if row.closes] == [HOURS(day)[1] for day in DAYS]

    def test_an_interval_without_a_trade_is_none(self) -> None:
        aggregator = Aggregator(NAMES, MINUTE, HOURS)
        ticks = [tick(0, 10.0, 1.0, at(DAYS[0], second)) for second in (5.0, 185.0, 300.0)]
        rows = told(aggregator, ticks)
        assert [(row.stamp_utc - HOURS(DAYS[0])[0]).total_seconds() for row in rows] == [60.0, 240.0, 360.0]
        assert np.isnan(rows[0].fields["close"][1])

    def test_the_tick_at_an_end_belongs_to_the_next_bar_but_at_the_close_to_the_last(self) -> None:
        closes = HOURS(DAYS[0])[1]
        aggregator = Aggregator(NAMES, MINUTE, HOURS)
        rows = told(aggregator, [tick(0, 10.0, 1.0, at(DAYS[0], 60.0)), tick(0, 11.0, 1.0, closes)])
        assert [row.stamp_utc for row in rows] == [at(DAYS[0], 120.0), closes]


class TestLateness:
    def test_a_late_tick_corrects_once_and_the_next_is_dropped(self) -> None:
        aggregator = Aggregator(NAMES, MINUTE, HOURS, keep_s=30.0)
        begin = at(DAYS[0], 0.0)
        assert aggregator.on(tick(0, 10.0, 5.0, begin)) == []
        (first,) = aggregator.on(Heartbeat(begin + timedelta(seconds=60)))
        assert (first.final, first.fields["low"][0]) == (False, 10.0)
        assert aggregator.on(tick(0, 9.0, 5.0, begin + timedelta(seconds=30), late_s=40.0)) == []
        (again,) = aggregator.on(Heartbeat(begin + timedelta(seconds=90)))
        assert (again.row, again.final, again.fields["low"][0], again.fields["volume"][0]) == (0, True, 9.0, 10.0)
        aggregator.on(tick(0, 8.0, 5.0, begin + timedelta(seconds=31), late_s=120.0))
        assert (aggregator.counts.correcting, aggregator.counts.late) == (1, 1)

    def test_a_bar_nobody_corrected_is_told_once(self) -> None:
        aggregator = Aggregator(NAMES, MINUTE, HOURS, keep_s=30.0)
        aggregator.on(tick(0, 10.0, 5.0, at(DAYS[0], 0.0)))
        assert len(aggregator.on(Heartbeat(at(DAYS[0], 200.0)))) == 1
        assert aggregator.on(Heartbeat(at(DAYS[0], 400.0))) == []


class TestGaps:
    def test_bars_around_a_lost_connection_are_marked(self) -> None:
        aggregator = Aggregator(NAMES, MINUTE, HOURS)
        aggregator.on(tick(0, 10.0, 5.0, at(DAYS[0], 10.0)))
        aggregator.lost()
        rows = told(aggregator, [tick(0, 10.0, 5.0, at(DAYS[0], second)) for second in (200.0, 250.0, 310.0)])
        assert [row.gap for row in rows] == [True, True, False, False]


class TestBadTicks:
    def test_are_counted_and_dropped(self) -> None:
        aggregator = Aggregator(NAMES, MINUTE, HOURS)
        stamp = at(DAYS[0], 1.0)
        for price, size in ((float("nan"), 1.0), (0.0, 1.0), (-1.0, 1.0), (float("inf"), 1.0), (1.0, -1.0)):
            aggregator.on(tick(0, price, size, stamp))
        aggregator.on(Tick(InstrumentId("CCC", "XNAS"), 1.0, 1.0, stamp, stamp))
        assert aggregator.counts.unfit == 6
        assert told(aggregator, []) == []

    def test_times_without_a_zone_are_refused(self) -> None:
        aggregator = Aggregator(NAMES, MINUTE, HOURS)
        naive = at(DAYS[0], 1.0).replace(tzinfo=None)
        with pytest.raises(InvalidInput, match="time zone"):
            aggregator.on(Tick(NAMES[0], 1.0, 1.0, naive, datetime(2024, 7, 2, tzinfo=UTC)))
