"""Bars laid out for checks that compare a row with its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MEDIAN_OF: Final = 20
_ENOUGH: Final = 5
_PAUSE_DAYS: Final = 7
_LIMIT_SLACK: Final = 0.01
"""The limit price is rounded to a tick, which is at most a hundredth at prices where limits bind."""


@dataclass(frozen=True, slots=True)
class Series:
    """Checked bars in (symbol, ts) order as flat arrays, NaN for no value.

    move : log of close / previous close once corporate actions are taken out; NaN on a symbol's first row.
    gap : the same from the previous close to the open.
    path : running sum of `move`; differences within a symbol are moves over several rows.
    paused : nothing traded on the row or the row before, or they lie more than a week apart.
    limit : the venue's price limit that day as a fraction, NaN where there is none.
    """

    row: Ints
    symbol: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    move: Floats
    gap: Floats
    path: Floats
    gap_days: Ints
    paused: Flags
    limit: Floats
    has_volume: bool

    @property
    def within_limit(self) -> Flags:
        size = np.expm1(self.move)
        return np.abs(size) <= self.limit + _LIMIT_SLACK

    def span(self, place: int) -> tuple[int, int]:
        """Return the half-open range of rows of the symbol at `place`."""
        symbol = self.symbol[place]
        first, stop = np.searchsorted(self.symbol, [symbol, symbol + 1])
        return int(first), int(stop)

    def volume_ratio(self, places: Ints) -> Floats:
        """Return volume over the median of the 20 rows before; NaN with fewer than 5."""
        return self._over_median(self.volume, places)

    def busyness(self, places: Ints) -> Floats:
        """Return the lesser of volume and turnover over their medians of the 20 rows before; NaN with fewer than 5."""
        return np.minimum(self.volume_ratio(places), self._over_median(self.volume * self.close, places))

    def _over_median(self, values: Floats, places: Ints) -> Floats:
        window = places[:, None] - np.arange(1, _MEDIAN_OF + 1)
        inside = (window >= 0) & (self.symbol[np.maximum(window, 0)] == self.symbol[places][:, None])
        before = np.where(inside, values[np.maximum(window, 0)], np.nan)
        enough = np.sum(~np.isnan(before), axis=1) >= _ENOUGH
        median = np.full(len(places), np.nan)
        median[enough] = np.nanmedian(before[enough], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Floats = values[places] / median
        return ratio


def series_of(bars: pl.DataFrame, explained: Floats, limit: Floats) -> Series:
    """Lay out sorted bars (`row symbol ts` and value columns).

    `explained` is the factor by which corporate actions account for each row's move from the row before (1: none).
    """

    def values(name: str) -> Floats:
        if name not in bars.columns:
            return np.full(bars.height, np.nan)
        return bars[name].fill_null(float("nan")).to_numpy().astype(np.float64)

    symbol = bars["symbol"].rle_id().to_numpy().astype(np.int64)
    days = bars["ts"].cast(pl.Date).to_physical().to_numpy().astype(np.int64)
    opened, close, volume = values("open"), values("close"), values("volume")
    new = np.append(True, symbol[1:] != symbol[:-1])
    before = np.append(np.nan, close[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        move = np.where(new, np.nan, np.log(close / before * explained))
        gap = np.where(new, np.nan, np.log(opened / before * explained))
    quiet = (volume == 0) | (np.isnan(opened) if "open" in bars.columns else False)
    gap_days = np.append(0, np.diff(days))
    gap_days[new] = 0
    paused = quiet | np.append(False, quiet[:-1]) | (gap_days > _PAUSE_DAYS)
    return Series(
        bars["row"].to_numpy().astype(np.int64), symbol, opened, values("high"), values("low"), close, volume, move,
        gap, np.cumsum(np.nan_to_num(move)), gap_days, paused, limit, bool(np.any(volume > 0)),
    )  # fmt: skip
