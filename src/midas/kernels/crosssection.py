"""Across one row of the market: every step reads `values` and writes `result`, both one number per instrument.

NaN in `values` means that the name is not there. `spare` is room for 5 numbers per instrument and 256 more. Where order
decides between equals, the lower column comes first.
"""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math
from types import FunctionType
from typing import cast

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import step
from midas.kernels.lanes import LANES
from midas.kernels.loop import TOLD, Loop

Row = NDArray[np.float64]
Keys = NDArray[np.uint64]

NAN = math.nan
SIGN = np.uint64(1 << 63)
ALL = np.uint64(2**64 - 1)
RADIX = 256
FEW = 16
"""When fewer than one in so many is wanted, they are gathered one by one instead of splitting the whole row."""


def scratch_size(tiles: int, lanes: int = LANES) -> int:
    """Return how many doubles of room a loop across the market needs."""
    return 8 * tiles * lanes + RADIX


_HEAD = f"""
def {{name}}_loop(out, a, b, scratch, params, tiles, columns, rows, out_stride, a_stride, b_stride{TOLD}
    width = tiles * LANES
    x = carray(a, (tiles, a_stride, LANES))
    y = carray(out, (tiles, out_stride, LANES))
    room = carray(scratch, (8 * width + {RADIX},))
    numbers = carray(params, (1,))
    values = room[:width]
    result = room[width : 2 * width]
    spare = room[2 * width : 7 * width + {RADIX}]
    by = room[7 * width + {RADIX} :]
    for r in range(rows):
        for tile in range(tiles):
            v = x[tile, r]
            for i in range(LANES):
                values[tile * LANES + i] = v[i]
        {{second}}
        step(values[:columns], {{by}}result[:columns], spare, numbers[0])
        for tile in range(tiles):
            w = y[tile, r]
            for i in range(LANES):
                at = tile * LANES + i
                w[i] = result[at] if at < columns else nan
"""


_SECOND = """x2 = carray(b, (tiles, b_stride, LANES))
        for tile in range(tiles):
            u = x2[tile, r]
            for i in range(LANES):
                by[tile * LANES + i] = u[i]"""


def across(function: object) -> Loop:
    """Make the loop over rows of a step `(values, result, spare, param)`."""
    return _over_rows(cast("FunctionType", function), second="", by="")


def across_by(function: object) -> Loop:
    """Make the loop over rows of a step `(values, by, result, spare, param)` that reads two values of each name."""
    return _over_rows(cast("FunctionType", function), second=_SECOND, by="by[:columns], ")


def _over_rows(made: FunctionType, second: str, by: str) -> Loop:
    source = _HEAD.format(name=made.__name__, second=second, by=by)
    return Loop(made.__name__, source, (("step", made),), across=True)


@step
def _present(values: Row, found: Row) -> int:
    count = 0
    for i in range(len(values)):
        if values[i] == values[i]:
            found[count] = values[i]
            count += 1
    return count


@step
def _kth_smallest(items: Row, count: int, k: int) -> float:
    low, high = 0, count - 1
    while low < high:
        pivot = items[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while items[i] < pivot:
                i += 1
            while items[j] > pivot:
                j -= 1
            if i <= j:
                items[i], items[j] = items[j], items[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(items[k])


@step
def _sift(heap: Row, size: int, at: int) -> None:
    item = heap[at]
    child = 2 * at + 1
    while child < size:
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if item <= heap[child]:
            break
        heap[at] = heap[child]
        at, child = child, 2 * child + 1
    heap[at] = item


# The k largest so far in a heap with the smallest on top: of a few among many nearly all fail the first comparison.
@step
def _kth_largest_of_many(items: Row, count: int, heap: Row, k: int) -> float:
    for i in range(k):
        heap[i] = items[i]
    for back in range(k // 2):
        _sift(heap, k, k // 2 - 1 - back)
    for i in range(k, count):
        if items[i] > heap[0]:
            heap[0] = items[i]
            _sift(heap, k, 0)
    return float(heap[0])


@step
def _bound(spare: Row, count: int, wanted: int) -> float:
    if wanted > count:
        return -math.inf
    if wanted * FEW < count:
        return _kth_largest_of_many(spare, count, spare[count:], wanted)
    return _kth_smallest(spare, count, count - wanted)


@step
def _choose(values: Row, result: Row, spare: Row, wanted: int, sign: float) -> None:
    count = 0
    for i in range(len(values)):
        # Written in any case and kept when it is there: no branch to guess.
        spare[count] = sign * values[i]
        count += 1 if values[i] == values[i] else 0
    bound = _bound(spare, count, wanted)
    chosen, equal = 0, 0
    for i in range(len(values)):
        value = sign * values[i]
        result[i] = (1.0 if value >= bound else 0.0) if value == value else NAN
        chosen += 1 if value >= bound else 0
        equal += 1 if value == bound else 0
    at = len(values) - 1
    while chosen > wanted and equal > 0:
        if sign * values[at] == bound:
            result[at] = 0.0
            chosen, equal = chosen - 1, equal - 1
        at -= 1


@across
def top(values: Row, result: Row, spare: Row, count: float) -> None:
    _choose(values, result, spare, int(count), 1.0)


@across
def bottom(values: Row, result: Row, spare: Row, count: float) -> None:
    _choose(values, result, spare, int(count), -1.0)


# A stable radix sort, digit by digit, of keys whose order as whole numbers is that of the values.
@step
def sorted_columns(values: Row, spare: Row) -> int:
    """Sort what is there by value, equals by descending column; leave the columns in spare[4n:5n], return the count."""
    n = len(values)
    room = spare.view(np.uint64)
    keys, columns = room[:n], room[n : 2 * n]
    other_keys, other_columns = room[2 * n : 3 * n], room[3 * n : 4 * n]
    counts = room[5 * n : 5 * n + RADIX]
    bits = values.view(np.uint64)
    count = 0
    for back in range(n):
        i = n - 1 - back
        if values[i] == values[i]:
            key = bits[i] if values[i] != 0.0 else np.uint64(0)
            keys[count] = key ^ (ALL if key & SIGN else SIGN)
            columns[count] = np.uint64(i)
            count += 1
    for digit in range(8):
        shift = np.uint64(8 * digit)
        for k in range(RADIX):
            counts[k] = np.uint64(0)
        for i in range(count):
            counts[(keys[i] >> shift) & np.uint64(255)] += np.uint64(1)
        if count and counts[(keys[0] >> shift) & np.uint64(255)] == np.uint64(count):
            continue
        place = np.uint64(0)
        for k in range(RADIX):
            here = counts[k]
            counts[k] = place
            place += here
        for i in range(count):
            k = (keys[i] >> shift) & np.uint64(255)
            at = counts[k]
            counts[k] = at + np.uint64(1)
            other_keys[at] = keys[i]
            other_columns[at] = columns[i]
        keys, other_keys = other_keys, keys
        columns, other_columns = other_columns, columns
    for i in range(count):
        room[4 * n + i] = columns[i]
    return count


@across
def rank(values: Row, result: Row, spare: Row, _: float) -> None:
    n = len(values)
    count = sorted_columns(values, spare)
    columns = spare.view(np.uint64)[4 * n : 5 * n]
    for i in range(n):
        result[i] = NAN
    for place in range(count):
        result[columns[place]] = (place + 1) / count


@step
def _quantile(values: Row, order: Keys, count: int, share: float) -> float:
    at = share * (count - 1)
    below = math.floor(at)
    above = min(below + 1, count - 1)
    low, high = values[order[below]], values[order[above]]
    return float(low + (high - low) * (at - below))


@across
def winsorise(values: Row, result: Row, spare: Row, tail: float) -> None:
    n = len(values)
    count = sorted_columns(values, spare)
    order = spare.view(np.uint64)[4 * n : 5 * n]
    low, high = NAN, NAN
    if count:
        low, high = _quantile(values, order, count, tail), _quantile(values, order, count, 1.0 - tail)
    for i in range(n):
        value = values[i]
        result[i] = low if value < low else (high if value > high else value)


@step
def _mean(values: Row, found: Row) -> tuple[int, float]:
    # Measured from the first value, so that equal values have exactly that mean.
    count = _present(values, found)
    total = 0.0
    for i in range(count):
        total += found[i] - found[0]
    return count, (found[0] + total / count if count else NAN)


@across
def demean(values: Row, result: Row, spare: Row, _: float) -> None:
    _count, mean = _mean(values, spare)
    for i in range(len(values)):
        result[i] = values[i] - mean


@across
def standardise(values: Row, result: Row, spare: Row, _: float) -> None:
    count, mean = _mean(values, spare)
    squares = 0.0
    for i in range(count):
        squares += (spare[i] - mean) ** 2
    spread = math.sqrt(squares / (count - 1)) if count > 1 else 0.0
    for i in range(len(values)):
        result[i] = (values[i] - mean) / spread if spread > 0.0 else NAN


@across
def normalise(values: Row, result: Row, spare: Row, gross: float) -> None:
    count = _present(values, spare)
    total = 0.0
    for i in range(count):
        total += abs(spare[i])
    for i in range(len(values)):
        value = values[i] / total * gross if total > 0.0 else 0.0 * values[i]
        result[i] = value if value == value else (0.0 if count else NAN)


@across
def slot(values: Row, result: Row, spare: Row, gross: float) -> None:
    count = _present(values, spare)
    weight = gross / len(values)
    for i in range(len(values)):
        result[i] = (weight if values[i] == 1.0 else 0.0) if count else NAN


LOOPS = (top, bottom, rank, winsorise, demean, standardise, normalise, slot)
