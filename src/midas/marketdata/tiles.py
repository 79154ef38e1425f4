"""The layout every kernel reads: tiles of 32 instruments, shape (tile, time, lane).

A few instruments with bars within the day are one narrower tile, so that a million rows of one instrument are 8 MB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.kernels.lanes import LANES as LANES

Tiles = NDArray[np.float64]
"""(tile, time, lane), C-contiguous, NaN where there is no value; instrument i is lane i % 32 of tile i // 32.

That holds for a narrow tile too, which is the only one then.
"""

NARROW = 8
"""So many instruments, or fewer, are a narrow tile."""

Matrix = NDArray[np.float64]
"""(time, instrument)."""


def narrow_lanes(columns: int) -> int:
    """Return how wide the tiles of so many instruments are where they may be narrow."""
    return max(1, columns) if columns <= NARROW else LANES


def to_tiles(matrix: Matrix, lanes: int = LANES) -> Tiles:
    """Lay out a (time, instrument) matrix as tiles, padding the last tile with NaN lanes."""
    rows, columns = matrix.shape
    if columns == lanes:
        return np.array(matrix, np.float64, order="C")[None]
    count = max(1, -(-columns // lanes))
    padded = np.full((rows, count * lanes), np.nan)
    padded[:, :columns] = matrix
    return np.ascontiguousarray(padded.reshape(rows, count, lanes).transpose(1, 0, 2))


def to_matrix(tiles: Tiles, columns: int) -> Matrix:
    """Return the first `columns` instruments as a (time, instrument) matrix."""
    count, rows, lanes = tiles.shape
    return np.ascontiguousarray(tiles.transpose(1, 0, 2).reshape(rows, count * lanes)[:, :columns])


def lay(matrix: Matrix, tiles: Tiles, row: int = 0) -> None:
    """Write a (time, instrument) matrix into tiles of 32 lanes from `row` on; lanes of nobody stay as they are."""
    rows, columns = matrix.shape
    for tile in range(len(tiles)):
        part = matrix[:, tile * LANES : (tile + 1) * LANES]
        tiles[tile, row : row + rows, : columns - tile * LANES] = part


def last_known(matrix: Matrix) -> NDArray[np.float64]:
    """Return the last value of each instrument in a (time, instrument) matrix, NaN where it has none."""
    last: NDArray[np.float64] = matrix[-1]
    if not np.isnan(last).any():
        return last
    known = ~np.isnan(matrix)
    place = len(matrix) - 1 - np.argmax(known[::-1], axis=0)
    found: NDArray[np.float64] = matrix[place, np.arange(matrix.shape[1])]
    return found
