"""The growth of names held in equal weight."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import kernel, step

Floats = NDArray[np.float64]


@kernel
def equal_weight(closes: Floats, columns: int, first: int, stop: int) -> tuple[Floats, int, float, int]:
    """Return (growth of 1 per row, names in it, sum of every name's change, names that ever had a close).

    Names with a close at `first` get the same weight there and are never traded again; where one has no close its last
    one counts. A name's change runs from its first to its last close in [first, stop). `closes` are adjusted tiles.
    """
    width = closes.shape[2]
    total = np.zeros(stop - first)
    growth = np.zeros((stop - first if len(closes) > 1 else 0, width))
    begun = np.zeros(width)
    latest = np.zeros(width)
    started = 0
    changed = 0.0
    seen = 0
    for tile in range(len(closes)):
        lanes = min(width, columns - tile * width)
        for lane in range(width):
            close = closes[tile, first, lane]
            begins = lane < lanes and not math.isnan(close)
            begun[lane] = 1.0 / close if begins else 0.0
            latest[lane] = 0.0
            started += 1 if begins else 0
        if len(closes) == 1:
            _grow_alone(closes, first, latest, begun, total)
        else:
            _grow(closes, tile, first, latest, begun, growth)
        for lane in range(lanes):
            for row in range(first, stop):
                close = closes[tile, row, lane]
                if not math.isnan(close):
                    changed += latest[lane] / close - 1.0
                    seen += 1
                    break
    for row in range(len(growth)):
        for lane in range(width):
            total[row] += growth[row, lane]
    return total, started, changed, seen


@step
def _grow(closes: Floats, tile: int, first: int, latest: Floats, begun: Floats, growth: Floats) -> None:
    for row in range(len(growth)):
        for lane in range(len(latest)):
            close = closes[tile, first + row, lane]
            latest[lane] = latest[lane] if math.isnan(close) else close
            growth[row, lane] += latest[lane] * begun[lane]


# One tile needs no row of lanes to add up in.
@step
def _grow_alone(closes: Floats, first: int, latest: Floats, begun: Floats, total: Floats) -> None:
    for row in range(len(total)):
        for lane in range(len(latest)):
            close = closes[0, first + row, lane]
            latest[lane] = latest[lane] if math.isnan(close) else close
            total[row] += latest[lane] * begun[lane]
