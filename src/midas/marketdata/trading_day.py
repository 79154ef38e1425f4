"""The trading day a bar belongs to."""

from __future__ import annotations

import polars as pl


def trading_days(ts: pl.Series, timezone: str) -> pl.Series:
    """Return the days of bars as stored: dates as they are, of a bar's close in UTC the day it traded in at the venue.

    A bar that closes at midnight is the last of the day before.
    """
    if ts.dtype == pl.Date:
        return ts
    traded = ts.dt.offset_by("-1us")
    return traded.dt.convert_time_zone(timezone).dt.date()
