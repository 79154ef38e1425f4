"""Splits and dividends, read from how adj_close moves against close.

The ratio adj_close / close stands still between corporate actions and jumps on ex-dates. Dividing one by the other
removes the move of the market, so a jump is the action alone: g = ratio(t) / ratio(t-1), which is the split's ratio, or
c / (c - d) for a dividend of d on a previous close of c.

A split is assumed when g, or 1/g, is within 0.5 % of a simple fraction: n:1, or n:2, n:3, n:4 of at least 5:4. Smaller
fractions (6:5, 10:9, 11:10 …) are left out on purpose: special dividends of a tenth of the price are far more common
than such splits (10:9 is 1.1111, the 2004 dividend of MSFT 1.1125), and taking one for a cash dividend of the same
value leaves every return as it was. Whatever else raises the ratio is a cash dividend; spin-offs count as one.

Both columns are rounded, so the ratio is known only to an interval. A jump is found where no single ratio fits all
intervals since the last one: no threshold to choose, and no noise mistaken for a dividend.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.marketdata.snapshot import ACTION_SCHEMA, CASH_DIVIDEND, SPLIT, no_actions

SPLIT_TOLERANCE = 0.005
_FLOAT_NOISE = 1e-6
"""Vendors pass through 32-bit floats; a few of them make a ratio this uncertain."""

_IMMATERIAL = 2e-5
"""No dividend is a fifth of a basis point of the price: smaller jumps are noise."""

_DIVIDEND_DECIMALS = 6
_MOST_DECIMALS = 9
_GLITCH_ROWS = 5
_GLITCH_TOLERANCE = 1e-4
_NOTED = 10
_DENOMINATORS = (1, 2, 3, 4)
_LARGEST = {1: 100, 2: 25, 3: 25, 4: 25}
_FRACTIONS = sorted({Fraction(n, m) for m in _DENOMINATORS for n in range(m + 1, _LARGEST[m] + 1)})

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Derived:
    """Actions found (see `Snapshot.actions`), and what was seen but not taken for one."""

    actions: pl.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Jumps:
    row: Ints
    column: Ints
    before: Floats
    after: Floats


@dataclass(frozen=True, slots=True)
class _Table:
    names: pl.Series
    sessions: pl.Series
    close: Floats
    margin: Floats

    def previous_close(self, row: int, column: int) -> float:
        known = self.close[:row, column]
        return float(known[~np.isnan(known)][-1])


def derive_actions(bars: pl.DataFrame) -> Derived:
    """Derive corporate actions from `symbol ts close adj_close`, sorted by (symbol, ts), one row per key."""
    usable = bars.filter((pl.col("close") > 0) & (pl.col("adj_close") > 0)).select("symbol", "ts", "close", "adj_close")
    if usable.is_empty() or (usable["close"] == usable["adj_close"]).all():
        return Derived(no_actions(), ())
    names = usable["symbol"].unique(maintain_order=True)
    sessions = usable["ts"].unique().sort()
    column = usable["symbol"].replace_strict(names, pl.int_range(len(names), eager=True)).to_numpy().astype(np.int64)
    row = sessions.search_sorted(usable["ts"]).to_numpy().astype(np.int64)
    close, adjusted = usable["close"].to_numpy(), usable["adj_close"].to_numpy()
    width = _uncertainty(close, adjusted, column)
    shape = (len(sessions), len(names))
    ratio, margin, closes = (_dense(values, row, column, shape) for values in (adjusted / close, width, close))
    jumps = _localise(_breaks(ratio * (1 - margin), ratio * (1 + margin)), ratio)
    return _classify(jumps, _Table(names, sessions, closes, margin))


def decimals(values: Floats) -> int:
    """Return how many decimals `values` are stated with, at most 9."""
    for places in range(_MOST_DECIMALS):
        scaled = values * 10.0**places
        if np.mean(np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(1.0, np.abs(scaled))) > 0.999:
            return places
    return _MOST_DECIMALS


def _uncertainty(close: Floats, adjusted: Floats, column: Ints) -> Floats:
    own = 0.5 * 10.0 ** -decimals(adjusted) / adjusted + _FLOAT_NOISE
    step = np.abs(np.diff(np.log(adjusted / close)))
    same = column[1:] == column[:-1]
    if np.mean(step[same] <= own[1:][same] + own[:-1][same]) >= 0.9:
        return own
    # adj_close was computed from prices finer than the close that is stated.
    return own + 0.5 * 10.0 ** -decimals(close) / close


def _dense(values: Floats, row: Ints, column: Ints, shape: tuple[int, int]) -> Floats:
    matrix = np.full(shape, np.nan)
    matrix[row, column] = values
    return matrix


def _breaks(low: Floats, high: Floats) -> _Jumps:
    floor, ceiling = np.zeros(low.shape[1]), np.full(low.shape[1], np.inf)
    rows, columns, levels = [], [], []
    for row in range(len(low)):
        lowest, highest = np.fmax(floor, low[row]), np.fmin(ceiling, high[row])
        broken = np.flatnonzero(lowest > highest)
        if len(broken):
            rows.append(np.full(len(broken), row))
            columns.append(broken)
            levels.append(np.sqrt(floor[broken] * ceiling[broken]))
            lowest[broken], highest[broken] = low[row, broken], high[row, broken]
        floor, ceiling = lowest, highest
    if not rows:
        return _Jumps(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))
    row_of, column_of, before = np.concatenate(rows), np.concatenate(columns), np.concatenate(levels)
    order = np.lexsort((row_of, column_of))
    row_of, column_of, before = row_of[order], column_of[order], before[order]
    after = np.append(before[1:], np.nan)
    last = np.append(column_of[1:] != column_of[:-1], True)
    after[last] = np.sqrt(floor[column_of[last]] * ceiling[column_of[last]])
    return _Jumps(row_of, column_of, before, after)


def _localise(jumps: _Jumps, ratio: Floats) -> _Jumps:
    # Noise can hide a small jump for some rows: move it back while the ratio is nearer to the new level.
    row = jumps.row.copy()
    for index, (column, before, after) in enumerate(zip(jumps.column, jumps.before, jumps.after, strict=True)):
        known = np.flatnonzero(~np.isnan(ratio[: row[index], column]))
        middle = np.sqrt(before * after)
        for earlier in known[::-1]:
            if (ratio[earlier, column] > middle) != (after > before):
                break
            row[index] = earlier
    return _Jumps(row, jumps.column, jumps.before, jumps.after)


def _classify(jumps: _Jumps, table: _Table) -> Derived:
    found: list[tuple[object, ...]] = []
    odd: list[str] = []
    undone = _undone(jumps)
    for index, (row, column) in enumerate(zip(jumps.row, jumps.column, strict=True)):
        symbol, day = table.names[int(column)], table.sessions[int(row)]
        jump = float(jumps.after[index] / jumps.before[index])
        split = simple_fraction(jump)
        if abs(jump - 1) < _IMMATERIAL:
            continue
        if undone[index] or (split is None and jump < 1):
            odd.append(f"{symbol} {day:%Y-%m-%d}")
            continue
        if split is not None:
            found.append((symbol, day, SPLIT, float(split), "derived"))
            jump /= float(split)
        if split is None or jump - 1 > 2 * table.margin[row, column]:
            value = table.previous_close(int(row), int(column)) * (1 - 1 / jump)
            found.append((symbol, day, CASH_DIVIDEND, round(value, _DIVIDEND_DECIMALS), "derived"))
    actions = pl.DataFrame(found, schema=ACTION_SCHEMA, orient="row").sort("symbol", "ts", "kind")
    return Derived(actions, _notes(odd))


def simple_fraction(jump: float) -> Fraction | None:
    """Return the split a jump of the ratio stands for, None when it is no simple fraction."""
    size = jump if jump > 1 else 1 / jump
    nearest = min(_FRACTIONS, key=lambda fraction: abs(size / float(fraction) - 1))
    if abs(size / float(nearest) - 1) > SPLIT_TOLERANCE:
        return None
    return nearest if jump > 1 else 1 / nearest


def _undone(jumps: _Jumps) -> NDArray[np.bool_]:
    # A wrong adj_close jumps and jumps back: the level after the second jump is the level before the first.
    undone = np.zeros(len(jumps.row), dtype=bool)
    pair = (
        (jumps.column[1:] == jumps.column[:-1])
        & (jumps.row[1:] - jumps.row[:-1] <= _GLITCH_ROWS)
        & (np.abs(np.log(jumps.after[1:] / jumps.before[:-1])) < _GLITCH_TOLERANCE)
    )
    undone[1:] |= pair
    undone[:-1] |= pair
    return undone


def _notes(odd: list[str]) -> tuple[str, ...]:
    if not odd:
        return ()
    shown = ", ".join(odd[:_NOTED]) + (f" and {len(odd) - _NOTED} more" if len(odd) > _NOTED else "")
    return (f"adj_close moves against close as no split or dividend can; not taken for one: {shown}.",)
