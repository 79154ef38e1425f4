"""Series behind the charts, from an equity curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from midas.portfolio.measures.sample import FLAT, drawdowns_of, simple_returns

Curve = NDArray[np.float64]  # (row,)
Days = NDArray[np.datetime64]  # (row,), day precision, ascending
Rows = NDArray[np.int64]  # (row,), ascending


@dataclass(frozen=True, slots=True)
class Drawdown:
    """A fall from a peak. `peak`, `trough` and `recovery` are rows; `recovery` is None while under water."""

    depth: float
    peak: int
    trough: int
    recovery: int | None


@dataclass(frozen=True, slots=True)
class YearReturns:
    """Compounded returns of a calendar year's months, January first, and of the year; None where there is no row."""

    year: int
    months: tuple[float | None, ...]
    total: float


def worst_drawdowns(equity: Curve, count: int = 5) -> tuple[Drawdown, ...]:
    """Return the deepest falls, deepest first, earlier first among equals. `equity` has no NaN."""
    if not len(equity):
        return ()
    depth = drawdowns_of(equity, np.arange(len(equity), dtype=np.float64)).depth
    under = np.concatenate(([False], depth < 0, [False]))
    edges = np.flatnonzero(under[1:] != under[:-1])
    falls = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        trough = start + int(np.argmin(depth[start:stop]))
        falls.append(Drawdown(float(depth[trough]), start - 1, trough, stop if stop < len(equity) else None))
    return tuple(sorted(falls, key=lambda fall: fall.depth)[:count])


def monthly_returns(days: Days, equity: Curve) -> tuple[YearReturns, ...]:
    """Return each year's monthly returns. The first month's base is the first row, so it covers what is left of it."""
    if not len(days):
        return ()
    months = days.astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.append(months[1:] != months[:-1], True))
    closes = equity[last]
    bases = np.concatenate((equity[:1], closes[:-1]))
    by_month = dict(zip(months[last].tolist(), zip(bases.tolist(), closes.tolist(), strict=True), strict=True))
    years = []
    for year in sorted({month // 12 for month in by_month}):
        cells = [by_month.get(month) for month in range(year * 12, year * 12 + 12)]
        known = [cell for cell in cells if cell is not None]
        shown = tuple(None if cell is None else cell[1] / cell[0] - 1 for cell in cells)
        years.append(YearReturns(1970 + year, shown, known[-1][1] / known[0][0] - 1))
    return tuple(years)


def rolling_sharpe(equity: Curve, window: int, periods_per_year: float, risk_free: float = 0.0) -> Curve:
    """Return (row,) annualised Sharpe ratio of the last `window` returns: arithmetic mean over sample deviation.

    `risk_free` is a year's rate and is spread evenly over the periods. NaN before `window` returns exist, and where
    returns do not vary.
    """
    out = np.full(len(equity), np.nan)
    if window < 2 or len(equity) <= window:
        return out
    excess = simple_returns(equity) - risk_free / periods_per_year
    windows = sliding_window_view(excess, window)
    deviation = windows.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = windows.mean(axis=1) / deviation * np.sqrt(periods_per_year)
    out[window:] = np.where(deviation > FLAT, ratio, np.nan)
    return out


def thinned(values: Curve, limit: int) -> Rows:
    """Return at most about `limit` rows that keep the shape: the first, the last and every stretch's low and high."""
    rows = len(values)
    if rows <= limit:
        return np.arange(rows)
    edges = np.linspace(0, rows, max(limit // 2, 1) + 1).astype(np.int64)
    keep = {0, rows - 1}
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        keep.add(start + int(np.argmin(values[start:stop])))
        keep.add(start + int(np.argmax(values[start:stop])))
    return np.array(sorted(keep), np.int64)
