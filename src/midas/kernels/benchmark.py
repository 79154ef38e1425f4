"""The growth of names held in equal weight."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import kernel
from midas.kernels.world import LANES


@kernel
def equal_weight(
    closes: NDArray[np.float64], columns: int, first: int, stop: int
) -> tuple[NDArray[np.float64], int, float, int]:
    """Return (growth of 1 per row, names in it, sum of every name's change, names that ever had a close).

    Names with a close at `first` get the same weight there and are never traded again; where one has no close its last
    one counts. A name's change runs from its first to its last close in [first, stop). `closes` are adjusted tiles.
    """
    growth = np.zeros((stop - first, LANES))
    begun = np.zeros(LANES)
    latest = np.zeros(LANES)
    started = 0
    changed = 0.0
    seen = 0
    for tile in range(len(closes)):
        lanes = min(LANES, columns - tile * LANES)
        for lane in range(LANES):
            close = closes[tile, first, lane]
            begins = lane < lanes and not math.isnan(close)
            begun[lane] = 1.0 / close if begins else 0.0
            latest[lane] = 0.0
            started += 1 if begins else 0
        for row in range(first, stop):
            for lane in range(LANES):
                close = closes[tile, row, lane]
                latest[lane] = latest[lane] if math.isnan(close) else close
                growth[row - first, lane] += latest[lane] * begun[lane]
        for lane in range(lanes):
            for row in range(first, stop):
                close = closes[tile, row, lane]
                if not math.isnan(close):
                    changed += latest[lane] / close - 1.0
                    seen += 1
                    break
    total = np.zeros(stop - first)
    for row in range(stop - first):
        for lane in range(LANES):
            total[row] += growth[row, lane]
    return total, started, changed, seen
