"""The driver: one native loop that runs a table of calls over tiles and rows.

A table has one line per call (`CALL` names its columns). An operand is where numbers are: `PLACE` names the columns
of that table; the number at (tile, row, lane) is at `base + tile * tile_step + (row - origin) * row_step + 8 * lane`.
For EMIT `n` is where in the output, in bytes, its result begins. `flat` is 0, or where a narrow tile's loop is that
takes the numbers of many rows as if they lay side by side: a result hangs on its own place alone.
A place with row_step 0 is room that each stretch of rows writes anew.
"""

from __future__ import annotations

from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import kernel, step
from midas.kernels.lanes import LANES as WIDE
from midas.kernels.pointers import call_across, call_over_time, doubles

carray = cast("Any", numba).carray

Table = NDArray[np.int64]

RUN, ACROSS, PICK, LEAF, EMIT = range(5)
"""What a call does: run a loop tile by tile, run a loop across the market, copy the rows asked for, copy rows of a
field, write rows of the result."""

CALL = ("kind", "address", "out", "a", "b", "c", "state", "params", "n", "constants", "back", "flat")
KIND, ADDRESS, OUT, A, B, C, STATE, PARAMS, N, CONSTANTS, BACK, FLAT = range(len(CALL))

PLACE = ("base", "tile_step", "row_step", "origin")
BASE, TILE_STEP, ROW_STEP, ORIGIN = range(len(PLACE))


@step
def _at(places: Table, place: int, tile: int, row: int) -> int:
    line = places[place]
    return int(line[BASE] + tile * line[TILE_STEP] + (row - line[ORIGIN]) * line[ROW_STEP])


@step
def _from(rows: Table, row: int) -> int:
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@step
def _copy(target: int, source: int, count: int) -> None:
    to, come = carray(doubles(target), (count,)), carray(doubles(source), (count,))
    for i in range(count):
        to[i] = come[i]


@step
def _blank(target: int, count: int) -> None:
    to = carray(doubles(target), (count,))
    for i in range(count):
        to[i] = np.nan


@step
def _run(call: Table, places: Table, params: int, state: int, tile: int, row: int, rows: int, lanes: int) -> None:
    if call[FLAT] != 0:
        _run_flat(call, places, params, tile, row, rows * lanes)
        return
    call_over_time(
        call[ADDRESS], _at(places, call[OUT], tile, row), _at(places, call[A], tile, row),
        _at(places, call[B], tile, row), _at(places, call[C], tile, row), state + call[STATE] * 8,
        params + call[PARAMS] * 8, call[N], call[CONSTANTS], row, rows, lanes,
    )  # fmt: skip


# One tile that is the whole market is written like it lies.
@step
def _in_a_row(wanted: Table, low: int, high: int) -> bool:
    return bool(high > low and wanted[high - 1] - wanted[low] == high - 1 - low)


# Rows of 32 as far as they go, then one by one: nothing is read or written beyond the numbers there are.
@step
def _run_flat(call: Table, places: Table, params: int, tile: int, row: int, count: int) -> None:
    out, numbers = _at(places, call[OUT], tile, row), params + call[PARAMS] * 8
    a, b, c = _at(places, call[A], tile, row), _at(places, call[B], tile, row), _at(places, call[C], tile, row)
    whole, told = count // WIDE, call[CONSTANTS]
    call_over_time(call[FLAT], out, a, b, c, 0, numbers, call[N], told, row, whole, WIDE)
    done = whole * WIDE * 8
    a, b, c = a + (0 if told & 1 else done), b + (0 if told & 2 else done), c + (0 if told & 4 else done)
    call_over_time(call[ADDRESS], out + done, a, b, c, 0, numbers, call[N], told, row, count - whole * WIDE, 1)


@step
def _emit(source: int, out: int, columns: int, tile: int, k: int, lanes: int) -> None:
    width = min(lanes, columns - tile * lanes)
    _copy(out + (k * columns + tile * lanes) * 8, source, width)


@step
def _hand_over(
    call: Table, places: Table, wanted: Table, out: int, columns: int, tile: int, row: int, count: int, lanes: int
) -> None:
    back = call[BACK]
    low, high = _from(wanted, row + back), _from(wanted, row + count + back)
    if call[KIND] == EMIT and columns == lanes and _in_a_row(wanted, low, high):
        source = _at(places, call[A], tile, row) + (wanted[low] - back - row) * lanes * 8
        _copy(out + call[N] + low * columns * 8, source, (high - low) * lanes)
        return
    for k in range(low, high):
        source = _at(places, call[A], tile, row) + (wanted[k] - back - row) * lanes * 8
        if call[KIND] == PICK:
            _copy(_at(places, call[OUT], tile, k), source, lanes)
        else:
            _emit(source, out + call[N], columns, tile, k, lanes)


@kernel
def run_tiles(
    calls: Table,
    places: Table,
    params: int,
    state: int,
    state_step: int,
    blank: int,
    wanted: Table,
    out: int,
    columns: int,
    first_tile: int,
    stop_tile: int,
    first: int,
    stop: int,
    stretch: int,
    lanes: int,
) -> None:
    """Run calls over rows first..stop, tile by tile, `stretch` rows at a time so that they stay in cache.

    `params`, `state` and `out` are addresses, `state_step` the bytes from one tile's state to the next (0: they take
    turns). `blank` doubles of state are set to NaN before each tile. `wanted` are the rows asked for, ascending: PICK
    copies the values n rows before them, EMIT writes them to out[k, instrument].
    """  # fmt: skip
    for tile in range(first_tile, stop_tile):
        here = state + tile * state_step
        _blank(here, blank)
        for row in range(first, stop, stretch):
            count = min(stretch, stop - row)
            for index in range(len(calls)):
                call = calls[index]
                if call[KIND] == RUN:
                    _run(call, places, params, here, tile, row, count, lanes)
                else:
                    _hand_over(call, places, wanted, out, columns, tile, row, count, lanes)


@step
def _leaf(call: Table, places: Table, wanted: Table, tile: int, k: int, start: int, count: int, lanes: int) -> None:
    target = _at(places, call[OUT], tile, k)
    for j in range(start, count):
        _copy(target + j * lanes * 8, _at(places, call[A], tile, wanted[k + j] - call[BACK]), lanes)


@step
def _missing(call: Table, wanted: Table, lowest: int, k: int, count: int) -> int:
    for j in range(count):
        if wanted[k + j] - call[BACK] >= lowest:
            return j
    return count


@step
def _across(
    call: Table, places: Table, params: int, scratch: int, tiles: int, columns: int, row: int, rows: int, lanes: int
) -> None:
    call_across(
        call[ADDRESS], _at(places, call[OUT], 0, row), _at(places, call[A], 0, row), _at(places, call[B], 0, row),
        scratch, params + call[PARAMS] * 8, tiles, columns, rows, places[call[OUT], TILE_STEP] // (lanes * 8),
        places[call[A], TILE_STEP] // (lanes * 8), places[call[B], TILE_STEP] // (lanes * 8), lanes,
    )  # fmt: skip


@step
def _write(
    call: Table,
    places: Table,
    wanted: Table,
    out: int,
    columns: int,
    tile: int,
    row: int,
    count: int,
    picked: bool,
    lanes: int,
) -> None:
    low, high = (row, row + count) if picked else (_from(wanted, row), _from(wanted, row + count))
    if columns == lanes and (picked or _in_a_row(wanted, low, high)):
        source = _at(places, call[A], tile, row) + (0 if picked else wanted[low] - row) * lanes * 8
        _copy(out + call[N] + low * columns * 8, source, (high - low) * lanes)
        return
    for k in range(low, high):
        at = k if picked else wanted[k]
        _emit(_at(places, call[A], tile, row) + (at - row) * lanes * 8, out + call[N], columns, tile, k, lanes)


@kernel
def run_rows(
    calls: Table,
    places: Table,
    params: int,
    scratch: int,
    wanted: Table,
    lowest: int,
    out: int,
    columns: int,
    tiles: int,
    first: int,
    stop: int,
    stretch: int,
    picked: bool,
    lanes: int,
) -> None:
    """Run calls over rows first..stop of the whole market, `stretch` rows at a time; no call here has a state.

    When `picked`, a row is an index into `wanted` and a call is for the rows `back` before those; before `lowest` there
    is nothing, so whatever an operator makes of that is NaN. LEAF copies rows of a field. Else a row is a row of the
    panel. EMIT as in `run_tiles`.
    """  # fmt: skip
    for row in range(first, stop, stretch):
        count = min(stretch, stop - row)
        for index in range(len(calls)):
            call = calls[index]
            kind = call[KIND]
            skipped = _missing(call, wanted, lowest, row, count) if picked and kind != EMIT else 0
            if kind == ACROSS:
                _across(call, places, params, scratch, tiles, columns, row, count, lanes)
            for tile in range(tiles):
                if kind == RUN:
                    _run(call, places, params, 0, tile, row, count, lanes)
                elif kind == LEAF:
                    _leaf(call, places, wanted, tile, row, skipped, count, lanes)
                elif kind == EMIT:
                    _write(call, places, wanted, out, columns, tile, row, count, picked, lanes)
                if skipped > 0:
                    _blank(_at(places, call[OUT], tile, row), skipped * lanes)
