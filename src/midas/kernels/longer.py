"""Bars of a longer timeframe, folded from rows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import kernel, step

Tiles = NDArray[np.float64]
Rows = NDArray[np.int64]

FIRST: Final = 0
HIGHEST: Final = 1
LOWEST: Final = 2
LAST: Final = 3
SUM: Final = 4


@step
def _merged(rule: int, so_far: float, value: float) -> float:
    if value != value:
        return so_far
    if so_far != so_far:
        return value
    if rule == FIRST:
        return so_far
    if rule == HIGHEST:
        return max(so_far, value)
    if rule == LOWEST:
        return min(so_far, value)
    return value if rule == LAST else so_far + value


@kernel
def fold(rule: int, tiles: Tiles, bar: Rows, first: int, stop: int, bars: Tiles) -> None:
    """Fold rows first..stop of (tile, row, lane) into the bars they belong to, in their order; NaN is passed over.

    `bars` is (tile, bar, lane), NaN where nothing has been folded in yet.
    """
    for tile in range(tiles.shape[0]):
        for row in range(first, stop):
            value, so_far = tiles[tile, row], bars[tile, bar[row]]
            for lane in range(tiles.shape[2]):
                so_far[lane] = _merged(rule, so_far[lane], value[lane])
