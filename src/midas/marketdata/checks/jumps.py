"""Prices that jump as no market does: spikes, shifted decimals, splits nobody accounted for.

Moves that known corporate actions explain are taken out first, and so are moves within the venue's price limit. What
remains is judged by shape, because real prices do move: a spike comes back, a crash does not; a crash trades many times
its usual volume, a split does not; a name that was halted, suspended or re-listed may reopen anywhere, so a move after
a pause is only told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from midas.marketdata.checks.breach import Breach, error, warning
from midas.marketdata.checks.series import Flags, Floats, Ints, Series

SMALLEST: Final = float(np.log(1.4))
"""A split of 3:2 on a day that rises 7 %. A smaller ratio cannot be told from a move of the market."""

SPIKE: Final = float(np.log(3.0))
_EDGE_SPIKE: Final = float(np.log(5.0))
_BACK: Final = float(np.log(1.35))
_BACK_SHARE: Final = 0.25
"""A spike is back within 35 %, or a quarter of itself: the market moves on meanwhile."""

_BACK_WITHIN: Final = 3
_SHIFTS: Final = np.log(np.array([100.0, 1000.0]))
_SHIFT_WIDTH: Final = float(np.log(1.5))
_RATIOS: Final = np.log(np.array([3 / 2, *range(2, 11), 12, 15, 20, 25, 30, 40, 50, 100]))
_LOG_RATIOS: Final = np.concatenate([-_RATIOS[::-1], _RATIOS])
_NEAR_CLOSE: Final = 0.15
_NEAR_OPEN: Final = 0.10
_NEAR_LIMITED: Final = 0.27
"""Where a price limit rules out that the market made the move, only the name of the ratio is in doubt."""

_EXACT_OPEN: Final = 0.03
_CLOSE_OPEN: Final = 0.05
_EXACT_CLOSE: Final = 0.01
_SETTLED: Final = 0.55
"""Two days at the Korean limit after the jump; the row after a crash of a half may fall as far again."""

_SMALL_RATIO: Final = float(np.log(1.9))
_MIDDLE_RATIO: Final = float(np.log(2.5))
_LARGE_RATIO: Final = float(np.log(3.9))
_USUAL: Final = 3.0
_USUAL_IF_HALVED: Final = 4.0
_BUSY: Final = 8.0
_FRANTIC: Final = 40.0
_UNHEARD_OF: Final = 10.0
_DEAD: Final = 0.1
_INTRADAY: Final = 7.0
"""The deepest real print in two million bars is 6.5 times below its neighbours, in the crash of 2015-08-24."""
_LONG_PAUSE: Final = float(np.log(3.0))


def check_jumps(series: Series) -> Iterator[Breach]:
    """Find spikes, decimal shifts, unadjusted splits and moves after a pause."""
    yield from _within_bars(series)
    large = (np.abs(series.move) > SMALLEST) & ~series.within_limit
    # Whatever a name reopens at after a pause, it does not go back to where it was to the third of a price.
    spikes = _spikes(series, large & (~series.paused | (np.abs(series.move) > _EDGE_SPIKE)))
    for code in ("spike", "decimal_shift"):
        yield _spike_breach(series, spikes, code)
    for first, length in spikes:
        large[first : first + length + 1] = False
    yield from _after_pauses(series, large)
    large &= ~series.paused
    for start in _edge_spikes(series, large):
        yield error("spike", series.row[start : start + 1], "the first or last price is far from all its neighbours")
        large[start : start + 2] = False
    shifted = np.zeros(len(large), dtype=bool)
    left = np.flatnonzero(large)
    shifted[left] = _distance(np.abs(series.move[left]), _SHIFTS) < _SHIFT_WIDTH
    yield _decimal_shifts(series, shifted)
    yield from _splits(series, large & ~shifted)


def _distance(values: Floats, points: Floats) -> Floats:
    nearest: Floats = np.min(np.abs(values[:, None] - points), axis=1)
    return nearest


def _within_bars(series: Series) -> Iterator[Breach]:
    with np.errstate(invalid="ignore", divide="ignore"):
        top, bottom = np.fmax(series.open, series.close), np.fmin(series.open, series.close)
        size = np.fmax(np.fmax(series.high / top, bottom / series.low), top / bottom)
    odd = np.flatnonzero(np.isfinite(size) & (size > _INTRADAY))
    shift = _distance(np.log(size[odd]), _SHIFTS) < _SHIFT_WIDTH
    for code, hit in (("spike", odd[~shift]), ("decimal_shift", odd[shift])):
        details = [f"one price of the bar is {value:.4g} times the others" for value in size[hit]]
        yield error(code, series.row[hit], *details)


def _spikes(series: Series, large: Flags) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for index in np.flatnonzero(large & (np.abs(series.move) > SPIKE)):
        if found and index <= found[-1][0] + found[-1][1]:
            continue
        for length in range(1, _BACK_WITHIN + 1):
            after = index + length
            if after >= len(series.row) or series.symbol[after] != series.symbol[index]:
                break
            if abs(series.path[after] - series.path[index - 1]) < max(_BACK, _BACK_SHARE * abs(series.move[index])):
                found.append((int(index), length))
                break
    return found


def _spike_breach(series: Series, spikes: list[tuple[int, int]], code: str) -> Breach:
    rows, details = [], []
    for first, length in spikes:
        size = np.abs(series.move[first : first + 1])
        if (code == "decimal_shift") == bool(_distance(size, _SHIFTS)[0] < _SHIFT_WIDTH):
            rows += list(series.row[first : first + length])
            details += [f"the close jumps to {np.exp(series.move[first]):.4g} times the one before and back"] * length
    return error(code, np.array(rows, np.int64), *details)


def _edge_spikes(series: Series, large: Flags) -> list[int]:
    # A spike on the last row cannot come back, one on the first row has nothing to come from.
    found = []
    for index in np.flatnonzero(large & (np.abs(series.move) > _EDGE_SPIKE)):
        last = index + 1 == len(series.row) or series.symbol[index + 1] != series.symbol[index]
        second = index == 1 or series.symbol[index - 2] != series.symbol[index]
        if last and series.busyness(np.array([index]))[0] < _BUSY:
            found.append(int(index))
        elif second and _settled(series, int(index), float(series.move[index])):
            found.append(int(index) - 1)
    return found


def _settled(series: Series, index: int, move: float) -> bool:
    after = slice(index + 1, index + 1 + _BACK_WITHIN)
    same = series.symbol[after] == series.symbol[index]
    return bool(np.all(np.abs(series.path[after][same] - series.path[index]) < max(abs(move) / 2, _SETTLED)))


def _decimal_shifts(series: Series, hit: Flags) -> Breach:
    places = np.flatnonzero(hit)
    several = np.bincount(series.symbol[places], minlength=1)
    doubtful = [series.row[:0]]
    for index in places[_last_of_symbol(series, places)].tolist():
        first, stop = series.span(index)
        # One shift leaves two scales, of which the longer stretch is likelier right; of several none is sure.
        shorter = slice(first, index) if index - first <= stop - index else slice(index, stop)
        doubtful.append(series.row[slice(first, stop) if several[series.symbol[index]] > 1 else shorter])
    details = [f"prices from here on are {np.exp(move):.4g} times those before" for move in series.move[places]]
    return error("decimal_shift", series.row[places], *details, leave_out=np.concatenate(doubtful))


def _last_of_symbol(series: Series, places: Ints) -> Flags:
    # Only the last jump of a symbol says what else to leave out; it covers the earlier ones.
    symbols = series.symbol[places]
    return np.append(symbols[1:] != symbols[:-1], True) if len(places) else np.empty(0, dtype=bool)


def _splits(series: Series, large: Flags) -> Iterator[Breach]:
    places = np.flatnonzero(large)
    if len(places) == 0:
        return
    move = series.move[places]
    # The open is nearer to the ratio than the close: less of the day's own move is in it.
    gap = np.where(np.isnan(series.gap[places]), move, series.gap[places])
    ratio = _LOG_RATIOS[np.argmin(np.abs(gap[:, None] - _LOG_RATIOS), axis=1)]
    off_close, off_open = np.abs(move - ratio), np.abs(gap - ratio)
    limited = ~np.isnan(series.limit[places])
    alike = off_close < np.where(limited, _NEAR_LIMITED, _NEAR_CLOSE)
    alike &= off_open < np.where(limited, _NEAR_LIMITED, _nearness(series, ratio))
    lasting = np.array([_lasting(series, int(place)) for place in places])
    hit = alike & lasting & _usual_volume(series, places, ratio, off_open, limited)
    yield _split_breach(series, places[hit], ratio[hit])


def _split_breach(series: Series, places: Ints, ratio: Floats) -> Breach:
    details = [
        f"the price moves to {np.exp(move):.4g} of the one before, as in a split of {_words(float(log_ratio))} that "
        "nothing accounts for"
        for move, log_ratio in zip(series.move[places], ratio, strict=True)
    ]
    if not series.has_volume:
        return warning("unadjusted_split", series.row[places], *details)
    last = places[_last_of_symbol(series, places)].tolist()
    before = [series.row[series.span(place)[0] : place] for place in last]
    return error("unadjusted_split", series.row[places], *details, leave_out=np.concatenate([series.row[:0], *before]))


def _nearness(series: Series, ratio: Floats) -> Floats:
    # Crashes to two thirds are common, and closes alone say little: both must be all but exact.
    if not series.has_volume:
        return np.where(np.abs(ratio) > _SMALL_RATIO, _EXACT_CLOSE, 0.0)
    return np.where(np.abs(ratio) > _SMALL_RATIO, _NEAR_OPEN, _EXACT_OPEN)


def _usual_volume(series: Series, places: Ints, ratio: Floats, off_open: Floats, limited: Flags) -> Flags:
    if not series.has_volume:
        return np.ones(len(places), dtype=bool)
    busy, traded, size = series.busyness(places), series.volume_ratio(places), np.abs(ratio)
    # The shares of a split company multiply; a market that has all but stopped is not one that was split.
    alive = limited | ~(traded < _DEAD * np.minimum(1.0, np.exp(-ratio)))
    # The nearer the open is to the ratio, and the larger the ratio, the more trading a coincidence would need.
    exact = (off_open < _EXACT_OPEN) & (size > _SMALL_RATIO)
    close_to_half = (size > _SMALL_RATIO) & (off_open < _CLOSE_OPEN)
    most = np.where(size > _MIDDLE_RATIO, _BUSY, np.where(close_to_half, _USUAL_IF_HALVED, _USUAL))
    most = np.where(exact, np.where(size > _LARGE_RATIO, _FRANTIC, _BUSY), most)
    # Beyond a price limit no amount of trading takes a market that was open the day before.
    most = np.where(limited, np.where(exact | (size > _MIDDLE_RATIO), np.inf, _UNHEARD_OF), most)
    known = busy < most
    return alive & np.where(np.isnan(busy), exact, known)


def _lasting(series: Series, place: int) -> bool:
    half = abs(float(series.move[place])) / 2
    earlier = place >= 2 and series.symbol[place - 2] == series.symbol[place]
    came_from_jump = earlier and abs(series.path[place - 1] - series.path[place - 2]) > half
    return not came_from_jump and _settled(series, place, float(series.move[place]))


def _words(log_ratio: float) -> str:
    # The price falls to 1/n when one share becomes n.
    shares = float(np.exp(abs(log_ratio)))
    text = "3:2" if abs(shares - 1.5) < 1e-9 else f"{shares:.0f}:1"
    return text if log_ratio < 0 else ":".join(reversed(text.split(":")))


def _after_pauses(series: Series, large: Flags) -> Iterator[Breach]:
    long_ago = series.gap_days > 7
    told = large & series.paused & (~long_ago | (np.abs(series.move) > _LONG_PAUSE))
    details = [
        f"the price is {np.exp(move):.4g} times the last one, after a pause: a split, a capital change or another "
        "company under the same symbol may be behind it"
        for move in series.move[told]
    ]
    yield warning("move_after_pause", series.row[told], *details)
