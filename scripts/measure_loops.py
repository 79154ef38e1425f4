"""Measure what each operator's loop costs and write it where `midas strategy explain` reads it.

usage: python scripts/measure_loops.py

Nanoseconds per value on one core with everything in its cache: the least of several passes, for windows of 10 and of
100 rows, told as a fixed part and a part for each row of the window.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from midas.factors.catalogue import OPERATORS
from midas.factors.operator import Operator, Parameter
from midas.kernels.crosssection import scratch_size
from midas.kernels.lanes import LANES
from midas.kernels.loop import ROW_INTEGERS, ROW_POINTERS, TIME_INTEGERS, TIME_POINTERS, Loop
from midas.kernels.table import LOOPS

FILE = Path(__file__).parent.parent / "src" / "midas" / "kernels" / "costs.json"
ROWS, TILES, PASSES = 256, 32, 30
SHORT, LONG = 10, 100


def main() -> None:
    """Measure all and write the file."""
    costs = {name: _cost(name, loop) for name, loop in LOOPS.items()}
    FILE.write_text(json.dumps(costs, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"{len(costs)} loops measured, {FILE}\n")


def _cost(name: str, loop: Loop) -> list[float]:
    operator = OPERATORS.get(name, OPERATORS["where"])
    if not (operator.parameters and operator.parameters[0].whole) or loop.across:
        return [round(_measured(loop, operator, SHORT), 3), 0.0]
    short, long = (_measured(loop, operator, n) for n in (SHORT, LONG))
    for_each = max(0.0, (long - short) / (LONG - SHORT))
    return [round(max(0.0, short - SHORT * for_each), 3), round(for_each, 4)]


def _measured(loop: Loop, operator: Operator, n: int) -> float:
    rng = np.random.default_rng(1)
    numbers = np.array([*(_number(parameter, n) for parameter in operator.parameters), 0.0, 0.0])
    rows, tiles = (ROWS // TILES, TILES) if loop.across else (ROWS, 1)
    inputs = [np.round(rng.normal(1, 1, (tiles, rows, LANES)), 2) for _ in range(3)]
    flags = [np.floor(rng.uniform(0, 2, (tiles, rows, LANES))) for _ in range(3)]
    given = [flags[k] if k < len(operator.inputs) and operator.inputs[k].flag else inputs[k] for k in range(3)]
    call = _across(loop, given, numbers, tiles, rows) if loop.across else _over_time(loop, given, numbers, n)
    times: list[float] = []
    for _ in range(PASSES):
        begun = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - begun) / (rows * tiles * LANES))
    return min(times)


def _number(parameter: Parameter, n: int) -> float:
    if parameter.whole and parameter.default is None:
        return float(n)
    middle = max(parameter.low, min(parameter.high, 0.5))
    return float(n if parameter.whole else middle)


def _over_time(
    loop: Loop, inputs: list[NDArray[np.float64]], numbers: NDArray[np.float64], n: int
) -> Callable[[], None]:
    out, state = np.empty((ROWS, LANES)), np.full(max(1, loop.state(n)), np.nan)
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * TIME_POINTERS, *[ctypes.c_int64] * TIME_INTEGERS)(loop.address)
    arrays = [x.ctypes.data for x in (out, *inputs, state, numbers)]
    kept = (out, state, inputs, numbers)
    at = [0]

    def call() -> None:
        run(*arrays, n, 0, at[0], ROWS, LANES)
        at[0] += ROWS
        assert kept

    return call


def _across(
    loop: Loop, inputs: list[NDArray[np.float64]], numbers: NDArray[np.float64], tiles: int, rows: int
) -> Callable[[], None]:
    out, scratch = np.empty((tiles, rows, LANES)), np.empty(scratch_size(tiles))
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * ROW_POINTERS, *[ctypes.c_int64] * ROW_INTEGERS)(loop.address)
    arrays = [x.ctypes.data for x in (out, *inputs[:2], scratch, numbers)]
    kept = (out, scratch, inputs, numbers)

    def call() -> None:
        run(*arrays, tiles, tiles * LANES, rows, rows, rows, rows, LANES)
        assert kept

    return call


if __name__ == "__main__":
    main()
