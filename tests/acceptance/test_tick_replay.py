"""A real day of prints goes into the lake as its publisher wrote it, and is told again as the bars it makes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from midas.core.clock import ManualClock
from midas.core.timeframe import Timeframe
from midas.integrations.file.source import FileSource
from midas.marketdata.feed import BarRow, Tick
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.marketdata.tick_importing import import_ticks
from midas.marketdata.tick_replay import feed_of
from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

DAY = date(2013, 10, 7)
FILE = "data/us/lean_ibm_tick_trade_20131007.parquet"


def test_a_day_of_prints(shared: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    options = {"path": str(shared / FILE), "venue": "XNYS", "timeframe": "tick", "timezone": "UTC", "symbol": "IBM"}
    raw = FileSource().fetch_ticks(PullRequest(options=options))
    report = import_ticks(lake, raw, dataset="prints")
    published = pl.read_parquet(shared / FILE)
    assert report.rows == published.height
    panel = lake.panel("prints", Timeframe(1, "m"))
    assert panel.rows == 390
    opens, closes = venue("XNYS", "USD").calendar.hours_utc(DAY)
    stamps = published.with_columns(pl.col("ts").dt.replace_time_zone("UTC"))
    inside = stamps.filter(pl.col("ts").is_between(opens, closes))
    # without a time of arrival nothing is late: every print of the session is in a bar
    assert panel.matrix("raw_volume").sum() == inside["size"].sum()
    assert panel.matrix("raw_high").max() == inside["price"].max()
    assert panel.matrix("raw_low").min() == inside["price"].min()
    events = list(feed_of(lake, panel, panel.rows, paced_from=0, speed=None).told())
    assert sum(isinstance(event, Tick) for event in events) == published.height
    rows = [event for event in events if isinstance(event, BarRow)]
    assert [row.fields["close"][0] for row in rows] == panel.matrix("raw_close")[:, 0].tolist()
    assert not any(row.final for row in rows)
