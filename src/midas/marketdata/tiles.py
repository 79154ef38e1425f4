"""The layout every kernel reads: tiles of 32 instruments, shape (tile, time, lane)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.kernels.lanes import LANES as LANES

Tiles = NDArray[np.float64]
"""(tile, time, lane), C-contiguous, NaN where there is no value; instrument i is lane i % 32 of tile i // 32."""

Matrix = NDArray[np.float64]
"""(time, instrument)."""


def to_tiles(matrix: Matrix) -> Tiles:
    """Lay out a (time, instrument) matrix as tiles, padding the last tile with NaN lanes."""
    rows, columns = matrix.shape
    count = max(1, -(-columns // LANES))
    padded = np.full((rows, count * LANES), np.nan)
    padded[:, :columns] = matrix
    return np.ascontiguousarray(padded.reshape(rows, count, LANES).transpose(1, 0, 2))


def to_matrix(tiles: Tiles, columns: int) -> Matrix:
    """Return the first `columns` instruments as a (time, instrument) matrix."""
    count, rows, lanes = tiles.shape
    return np.ascontiguousarray(tiles.transpose(1, 0, 2).reshape(rows, count * lanes)[:, :columns])
