"""Every print of a real day becomes the bars its publisher made of it, whatever the order the prints arrive in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.aggregation import Aggregator
from midas.marketdata.feed import BarRow, SessionEdge, Tick
from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

DAY = date(2013, 10, 7)
HOURS = venue("XNYS", "USD").calendar.hours_utc
IBM = InstrumentId("IBM", "XNYS")
MINUTE = Timeframe(1, "m")


def prints(shared: Path) -> pl.DataFrame:
    frame = pl.read_parquet(shared / "data/us/lean_ibm_tick_trade_20131007.parquet")
    return frame.filter(pl.col("suspicious") == 0).with_columns(pl.col("ts").dt.replace_time_zone("UTC"))


def rows_of(frame: pl.DataFrame, delays: np.ndarray, aggregator: Aggregator) -> list[BarRow]:
    ticks = [
        Tick(IBM, price, float(size), ts.astimezone(UTC), ts.astimezone(UTC) + timedelta(seconds=float(delay)))
        for (ts, price, size), delay in zip(frame.select("ts", "price", "size").iter_rows(), delays, strict=True)
    ]
    rows = [row for tick in sorted(ticks, key=lambda one: one.received_utc) for row in aggregator.on(tick)]
    end = HOURS(DAY)[1]
    return rows + aggregator.on(SessionEdge(DAY, False, end + timedelta(hours=1)))


def test_a_day_of_prints_in_any_order(shared: Path) -> None:
    frame = prints(shared)
    opens, closes = HOURS(DAY)
    inside = frame.filter((pl.col("ts") >= opens) & (pl.col("ts") <= closes))
    draw = np.random.default_rng(0)
    straight = Aggregator([IBM], MINUTE, HOURS)
    shuffled = Aggregator([IBM], MINUTE, HOURS, wait_s=30.0)
    wanted = rows_of(frame, np.zeros(frame.height), straight)
    found = rows_of(frame, draw.exponential(2.0, frame.height).clip(0.0, 29.0), shuffled)
    assert len(wanted) == 390
    assert straight.counts.outside == frame.height - inside.height
    assert (shuffled.counts.late, shuffled.counts.correcting) == (0, 0)
    assert shuffled.counts.disordered > 1_000
    for field in ("high", "low", "volume"):
        assert [row.fields[field][0] for row in found] == [row.fields[field][0] for row in wanted]
    assert sum(row.fields["volume"][0] for row in wanted) == inside["size"].sum()


def test_the_publishers_own_bars_lie_within(shared: Path) -> None:
    # its bars leave out prints of some conditions, ours take all: never higher or lower than ours
    frame = prints(shared)
    rows = {row.stamp_utc: row for row in rows_of(frame, np.zeros(frame.height), Aggregator([IBM], MINUTE, HOURS))}
    bars = pl.read_parquet(shared / "data/us/lean_ibm_second_trade_20131007.parquet")
    told = (
        bars.group_by(pl.col("ts").dt.truncate("1m"), maintain_order=True)
        .agg(pl.col("high").max(), pl.col("low").min())
        .iter_rows()
    )
    compared, same = 0, 0
    for ts, high, low in told:
        row = rows.get(_utc(ts) + timedelta(minutes=1))
        if row is not None:
            compared += 1
            same += (row.fields["high"][0], row.fields["low"][0]) == (high, low)
            assert row.fields["high"][0] >= high
            assert row.fields["low"][0] <= low
    assert compared == 390
    assert same > compared / 2


def _utc(stamp: datetime) -> datetime:
    return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
