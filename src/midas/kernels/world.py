"""What surrounds an account: corporate actions and the venue's dated rules, each as one table."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import step
from midas.kernels.fill import FRACTION, Costs, Terms

LANES = 32

Happenings = NDArray[np.float64]
"""(action, 4): row, column, kind (0 split, 1 cash dividend, 2 delisting), value; ascending by the first three.

The value of a delisting is the share of the last price that is paid out.
"""

Dated = NDArray[np.float64]
"""(row, 6 + 5 classes): rates, fees, length and ban of the day, then each rule class's ladder, limit, lot, taxes."""

SPLITTING, DELISTING = 0.0, 2.0

BUY_RATE = 0
SELL_RATE = 1
SELL_PER_SHARE = 2
SELL_PER_SHARE_CAP = 3
DAYS = 4
"""Calendar days since the session before."""
BANNED = 5
"""1 on days on which nothing new may be sold short."""
PER_DAY = 6
LADDER = 0
LIMIT = 1
LOT = 2
SELL_TAX = 3
BUY_TAX = 4
PER_CLASS = 5


@step
def lot_of(row: int, kind: int, dated: Dated, terms: Terms) -> float:
    """Return the smallest quantity that may be ordered."""
    if terms[FRACTION] > 0.0:
        return float(terms[FRACTION])
    return float(dated[row, PER_DAY + PER_CLASS * kind + LOT])


@step
def costs_of(side: int, row: int, kind: int, dated: Dated) -> Costs:
    """Return what a fill of this side costs on this day."""
    if side > 0:
        return Costs(dated[row, BUY_RATE], 0.0, 0.0, dated[row, PER_DAY + PER_CLASS * kind + BUY_TAX])
    return Costs(
        dated[row, SELL_RATE],
        dated[row, SELL_PER_SHARE],
        dated[row, SELL_PER_SHARE_CAP],
        dated[row, PER_DAY + PER_CLASS * kind + SELL_TAX],
    )


@step
def last_close(closes: NDArray[np.float64], happenings: Happenings, met: int, row: int, column: int) -> float:
    """Return the last close known at `row` in today's shares, NaN if there never was one.

    Splits among the first `met` actions that came after that close are applied to it.
    """
    tile, lane = column // LANES, column % LANES
    while row >= 0 and math.isnan(closes[tile, row, lane]):
        row -= 1
    if row < 0:
        return math.nan
    price = float(closes[tile, row, lane])
    place = met - 1
    while place >= 0 and happenings[place, 0] > row:
        if happenings[place, 1] == column and happenings[place, 2] == 0.0:
            price /= happenings[place, 3]
        place -= 1
    return price
