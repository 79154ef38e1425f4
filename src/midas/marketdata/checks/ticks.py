"""The contract every tick must keep before bars are made of it.

Errors keep ticks out: `nan infinite non_positive_price negative_volume future_date closed_day spike`, and what a file's
reader adds to them. Warnings are only told: `outside_session late early_arrival`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
import polars as pl

from midas.core.errors import InvalidInput
from midas.marketdata.aggregation import Hours
from midas.marketdata.checks.breach import Breach, Rows, error, warning
from midas.venues.venue import Venue

_WILD = 10.0
"""A price so many times the middle one of its day, or so small a part of it, is a slip of the pen."""


def check_ticks(ticks: pl.DataFrame, place: Venue, hours: Hours, now_utc: datetime, *, dated: bool) -> list[Breach]:
    """Check `row symbol ts arrived price size`, `row` counting them; `dated` says that its sessions are known."""
    return [*_values(ticks), *_times(ticks, place, hours, now_utc, dated=dated), *_jumps(ticks)]


def _values(ticks: pl.DataFrame) -> Iterator[Breach]:
    for name in ("price", "size"):
        value = pl.col(name)
        missing = value.is_null() | value.is_nan()
        yield error("nan", _rows(ticks, missing), f"{name} is missing")
        yield error("infinite", _rows(ticks, value.is_infinite() & ~missing), f"{name} is infinite")
    price, size = pl.col("price"), pl.col("size")
    for code, broken, detail in (
        ("non_positive_price", (price <= 0) & price.is_finite(), "price {price} is not above zero"),
        ("negative_volume", (size < 0) & size.is_finite(), "size {size} is negative"),
    ):
        hit = ticks.filter(broken)
        yield error(code, _rows(hit), *(detail.format_map(row) for row in hit.iter_rows(named=True)))


def _times(ticks: pl.DataFrame, place: Venue, hours: Hours, now_utc: datetime, *, dated: bool) -> Iterator[Breach]:
    ahead = (pl.col("ts") > now_utc) | (pl.col("arrived") > now_utc)
    yield error("future_date", _rows(ticks, ahead), f"lies after {now_utc:%Y-%m-%d %H:%M} UTC, the present")
    there = ticks.with_columns(
        day=pl.col("ts").dt.convert_time_zone(place.timezone).dt.date(),
        came=pl.col("arrived").dt.convert_time_zone(place.timezone).dt.date(),
    )
    sessions = _sessions(there["day"].unique().sort().to_list(), hours)
    known = there.join(sessions, on="day", how="left", maintain_order="left")
    closed = pl.col("opens").is_null()
    if dated:
        yield error("closed_day", _rows(known, closed), "the venue was closed that day by its calendar")
    outside = (pl.col("ts") < pl.col("opens")) | (pl.col("ts") > pl.col("closes")) | (pl.col("came") != pl.col("day"))
    yield warning("outside_session", _rows(known, outside & ~closed), "printed in no session, or came on another day")
    before = pl.col("ts").cum_max().over("symbol") > pl.col("ts")
    late = ticks.sort("arrived", maintain_order=True).filter(before)
    yield warning("late", _rows(late), "came after later ones; it counts by its time where its bar was not told yet")
    early = _rows(ticks, pl.col("arrived") < pl.col("ts"))
    yield warning("early_arrival", early, "arrived before it was printed, by clocks that disagree")


def _jumps(ticks: pl.DataFrame) -> Iterator[Breach]:
    usable = ticks.filter(pl.col("price").is_finite() & (pl.col("price") > 0))
    ratio = pl.col("price") / pl.col("price").median().over("symbol", pl.col("ts").dt.date())
    hit = usable.with_columns(ratio=ratio).filter((pl.col("ratio") >= _WILD) | (pl.col("ratio") <= 1 / _WILD))
    details = (f"price {price} is {of:.3g} times the middle one of its day" for price, of in _pairs(hit))
    yield error("spike", _rows(hit), *details)


def _pairs(hit: pl.DataFrame) -> Iterator[tuple[float, float]]:
    yield from hit.select("price", "ratio").iter_rows()


def _sessions(days: list[date], hours: Hours) -> pl.DataFrame:
    stamp = pl.Datetime("us", "UTC")
    found: list[tuple[date, datetime, datetime]] = []
    for day in days:
        try:
            found.append((day, *hours(day)))
        except InvalidInput:
            continue
    return pl.DataFrame(found, schema={"day": pl.Date, "opens": stamp, "closes": stamp}, orient="row")


def _rows(ticks: pl.DataFrame, hit: pl.Expr | None = None) -> Rows:
    chosen = ticks if hit is None else ticks.filter(hit)
    return chosen["row"].to_numpy().astype(np.int64)
