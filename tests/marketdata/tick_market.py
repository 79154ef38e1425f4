"""Made-up ticks of a few American names: prices that wander, some of them late and out of order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from midas.core.clock import ManualClock
from midas.core.instrument import Instrument, InstrumentId
from midas.marketdata.lake import Lake
from midas.marketdata.source import RawTicks
from midas.marketdata.tick_importing import import_ticks
from midas.venues.catalogue import venue

DAYS = (date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 5))  # the second closes early
NAMES = ("AAA.XNAS", "BBB.XNAS")
HOURS = venue("XNAS", "USD").calendar.hours_utc
NOW_UTC = datetime(2025, 1, 1, tzinfo=UTC)


def made_up(seed: int, count: int, days: Sequence[date] = DAYS, names: Sequence[str] = NAMES) -> pl.DataFrame:
    """`count` ticks a day and name in the order they arrived; a third late, by seconds or, rarely, by minutes."""
    draw = np.random.default_rng(seed)
    rows = []
    for day in days:
        opens, closes = HOURS(day)
        length_ms = int((closes - opens).total_seconds() * 1000)
        for name in names:
            # on whole half seconds, so that stamps are often equal; some before the open, at the close and after it
            at_ms = np.sort(draw.integers(-240, length_ms // 500 + 240, count)) * 500
            at_ms[draw.integers(count)] = length_ms
            price = np.round(50.0 * np.exp(np.cumsum(draw.normal(0.0, 2e-3, count))), 2)
            late_ms = np.where(draw.random(count) < 0.3, draw.exponential(3_000.0, count), 0.0)
            late_ms = np.where(draw.random(count) < 0.02, draw.exponential(200_000.0, count), late_ms).astype(np.int64)
            size = draw.integers(0, 400, count).astype(np.float64)
            for at, late, paid, many in zip(
                at_ms.tolist(), late_ms.tolist(), price.tolist(), size.tolist(), strict=True
            ):
                stamp = opens + timedelta(milliseconds=at)
                rows.append((name, stamp, stamp + timedelta(milliseconds=late), paid, many))
    stamp = pl.Datetime("us", "UTC")
    schema = {"symbol": pl.String, "ts": stamp, "arrived": stamp, "price": pl.Float64, "size": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("arrived", maintain_order=True)


def raw_of(frame: pl.DataFrame, *, arrivals: bool = True) -> RawTicks:
    """Return them as a source would."""
    instruments = tuple(Instrument(InstrumentId.parse(name), "", "USD") for name in frame["symbol"].unique().sort())
    return RawTicks(None, "XNAS", frame, "USD", "made up", instruments, arrivals)


def lake_of(folder: Path, frame: pl.DataFrame, name: str = "ticks") -> Lake:
    """Return a lake with these ticks in it."""
    lake = Lake(folder, ManualClock(NOW_UTC))
    import_ticks(lake, raw_of(frame), dataset=name)
    return lake
