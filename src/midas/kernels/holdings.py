"""What holdings were worth, close by close."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import kernel
from midas.kernels.price_rules import signed_half_up
from midas.kernels.world import LANES, Happenings, last_close


@kernel
def worth(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    quantities: NDArray[np.float64],
    met: NDArray[np.int64],
    scale: float,
    closes: NDArray[np.float64],
    happenings: Happenings,
) -> NDArray[np.int64]:
    """Return the value of each holding in minor units at its row's close, or the last one known; `closes` are tiles.

    `met` is how many actions there were up to and including the row.
    """
    values = np.empty(len(rows), np.int64)
    for place in range(len(rows)):
        row, column = rows[place], columns[place]
        price = closes[column // LANES, row, column % LANES]
        if math.isnan(price):
            price = last_close(closes, happenings, met[place], row, column)
        values[place] = signed_half_up(quantities[place] * price * scale)
    return values
