"""What a source's prices mean, when it does not say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from midas.core.basis import Basis
from midas.marketdata.grid import off_grid
from midas.venues.venue import Venue

_OFF_GRID = 0.005
_ENOUGH = 200
_SAMPLE = 200_000


@dataclass(frozen=True, slots=True)
class Detected:
    """A basis, and what to tell about how it was found."""

    basis: Basis
    warning: str = ""


def detect_basis(bars: pl.DataFrame, venue: Venue) -> Detected:
    """Tell what prices without a stated basis are.

    Without an open they are close_only. On a venue with a tick grid, quoted prices lie on it and adjusted ones mostly
    do not: when more than 0.5 % of the closes (of 200 or more) lie on no grid of the venue, prices were adjusted and
    count as split_adjusted. Anything else is raw.
    """
    if "open" not in bars.columns:
        return Detected(Basis.CLOSE_ONLY)
    closes = bars.select("ts", "close").filter(pl.col("close").is_finite() & (pl.col("close") > 0))
    if closes.height < _ENOUGH:
        return Detected(Basis.RAW)
    closes = closes.gather_every(max(1, closes.height // _SAMPLE))
    days = closes["ts"].cast(pl.Date).to_numpy().astype("datetime64[D]")
    share = float(np.mean(off_grid(venue, days, closes["close"].to_numpy().astype(np.float64))))
    if share <= _OFF_GRID:
        return Detected(Basis.RAW)
    return Detected(
        Basis.SPLIT_ADJUSTED,
        f"{share:.1%} of the closes lie on no tick of {venue.mic}, so the prices were adjusted: taken as "
        f"{Basis.SPLIT_ADJUSTED}. Say --adjusted or --raw to choose yourself.",
    )


def stated_adjusted(bars: pl.DataFrame) -> Basis:
    """Return what prices are that were said to be adjusted: adj_close tells whether for dividends too."""
    if "open" not in bars.columns:
        return Basis.CLOSE_ONLY
    both = bars.select("close", "adj_close").drop_nulls() if "adj_close" in bars.columns else None
    if both is None or both.is_empty() or (both["close"] != both["adj_close"]).any():
        return Basis.SPLIT_ADJUSTED
    return Basis.TOTAL_RETURN
