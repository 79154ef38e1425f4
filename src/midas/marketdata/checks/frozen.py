"""Feeds that stopped: the same bar again and again while shares are said to change hands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from midas.marketdata.checks.breach import Breach, error, warning
from midas.marketdata.checks.series import Flags, Floats, Series

_COPIES: Final = 2
_FEW_SHARES: Final = 100
_COPIES_OF_FEW: Final = 4
_SAME_PRICES: Final = 9
_UNLIKELY: Final = 1e-12
_UNLIKELY_AT_LEAST: Final = 4
_CLOSES_ONLY: Final = 10


def check_frozen(series: Series, *, daily: bool = True) -> Iterator[Breach]:
    """Find bars repeated over and over; `series` is in (symbol, ts) order.

    Two exact copies of a bar of more than 100 shares are an error, of fewer shares four: a thinly traded name does
    trade one share at one price day after day. The same four prices with changing volume are an error after nine
    repeats, or sooner when the name's other rows make such a run less likely than 1e-12. Closes alone, and bars within
    a day, which do repeat in quiet hours, are only told.
    """
    same = _repeats(series)
    if not series.has_volume:
        run = _run_lengths(same)
        long = _ends(run) & (run >= _CLOSES_ONLY)
        yield warning("stale", series.row[long], *[f"the close did not change for {int(n)} rows" for n in run[long]])
        return
    same &= series.volume > 0
    copy = same & (series.volume == np.append(np.nan, series.volume[:-1]))
    copies = _run_lengths(copy)
    stuck = _within(copies, np.where(series.volume > _FEW_SHARES, _COPIES, _COPIES_OF_FEW))
    runs = _run_lengths(same)
    stuck |= _within(runs, np.full(len(runs), _SAME_PRICES)) | _improbable(series, same, runs)
    yield (error if daily else warning)(
        "stale", series.row[stuck], "the bar repeats the one before, over and over, with shares traded"
    )


def _repeats(series: Series) -> Flags:
    same = np.append(False, series.symbol[1:] == series.symbol[:-1])
    for values in (series.open, series.high, series.low, series.close):
        known = ~np.isnan(values)
        if known.any():
            same &= values == np.append(np.nan, values[:-1])
    return same


def _run_lengths(same: Flags) -> Floats:
    # How many repeats in a row end here.
    place = np.arange(len(same))
    start = np.maximum.accumulate(np.where(same, 0, place))
    return np.where(same, place - start, 0).astype(np.float64)


def _ends(run: Floats) -> Flags:
    ends: Flags = (run > 0) & np.append(run[1:] <= run[:-1], True)
    return ends


def _within(run: Floats, least: Floats) -> Flags:
    # Every row of a run that grows to `least` repeats or more.
    inside = np.zeros(len(run), dtype=bool)
    for end in np.flatnonzero(_ends(run) & (run >= least)):
        inside[end - int(run[end]) + 1 : end + 1] = True
    return inside


def _improbable(series: Series, same: Flags, runs: Floats) -> Flags:
    ends = np.flatnonzero(_ends(runs) & (runs >= _UNLIKELY_AT_LEAST))
    rows = np.bincount(series.symbol)
    repeats = np.bincount(series.symbol, weights=same)
    inside = np.zeros(len(runs), dtype=bool)
    for end in ends:
        length, name = runs[end], series.symbol[end]
        chance = (repeats[name] - length + 1) / (rows[name] - length + 2)
        if rows[name] * chance**length < _UNLIKELY:
            inside[end - int(length) + 1 : end + 1] = True
    return inside
