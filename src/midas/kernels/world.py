"""What surrounds an account: corporate actions and the venue's dated rules, each as one table."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import bare_step
from midas.kernels.fill import FRACTION, Costs, Terms

LANES = 32

Happenings = NDArray[np.float64]
"""(action, 4): row, column, kind (0 split, 1 dividend, 2 delisting, 3 rights), value; ascending by the first three.

The value of a delisting is the share of the last price that is paid out, that of rights the price before over the
theoretical ex-rights price.
"""

Dated = NDArray[np.float64]
"""(row, 11 + 5 classes): what holds for the day, named below, then each rule class's ladder, limit, lot and taxes."""

SPLITTING, DELISTING, RIGHTS = 0.0, 2.0, 3.0

FREELY, HELD_BACK, NOTHING = 0.0, 1.0, 2.0
"""Unsettled money buys freely, or what it buys is not sold before it settled, or it buys nothing."""

BUY_RATE = 0
SELL_RATE = 1
SELL_PER_SHARE = 2
SELL_PER_SHARE_CAP = 3
DAYS = 4
"""Calendar days since the row before."""
BANNED = 5
"""1 on days on which nothing new may be sold short."""
BASE = 6
"""The row whose closes price limits go by: the last one of the session before."""
SESSION = 7
"""Which session the row belongs to, counted from 0."""
SELLABLE = 8
"""First session on which what is bought on this row may be sold."""
SETTLED = 9
"""First session on which the money for what is sold on this row is there."""
BUYING = 10
"""What money that is not there yet buys: `FREELY`, `HELD_BACK` or `NOTHING`."""
PER_DAY = 11
LADDER = 0
LIMIT = 1
LOT = 2
SELL_TAX = 3
BUY_TAX = 4
PER_CLASS = 5


class World(NamedTuple):
    """What surrounds an account.

    Prices are raw tiles (tile, row, lane); a field the data lacks repeats the closes and `terms`, described in `fill`,
    says so. `ladders` is (ladder, step, 2) of floor and tick, the last one without a step, so that index -1 is no grid.
    `rules` and `ranges` are what closes positions between two targets, see `exiting`. `weights` is (speaking row,
    instrument), NaN for no weight, heard at the closes of the rows `speaks`.
    """

    opens: NDArray[np.float64]
    highs: NDArray[np.float64]
    lows: NDArray[np.float64]
    closes: NDArray[np.float64]
    volumes: NDArray[np.float64]
    happenings: NDArray[np.float64]
    class_of: NDArray[np.int64]
    dated: NDArray[np.float64]
    ladders: NDArray[np.float64]
    rules: NDArray[np.float64]
    ranges: NDArray[np.float64]
    terms: NDArray[np.float64]
    speaks: NDArray[np.int64]
    weights: NDArray[np.float64]


@bare_step
def lot_of(row: int, kind: int, dated: Dated, terms: Terms) -> float:
    """Return the smallest quantity that may be ordered."""
    if terms[FRACTION] > 0.0:
        return float(terms[FRACTION])
    return float(dated[row, PER_DAY + PER_CLASS * kind + LOT])


@bare_step
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


@bare_step
def last_close(closes: NDArray[np.float64], happenings: Happenings, met: int, row: int, column: int) -> float:
    """Return the last close known at `row` in today's shares and ex rights, NaN if there never was one.

    Splits and rights among the first `met` actions that came after that close are applied to it.
    """
    tile, lane = column // LANES, column % LANES
    while row >= 0 and math.isnan(closes[tile, row, lane]):
        row -= 1
    if row < 0:
        return math.nan
    price = float(closes[tile, row, lane])
    place = met - 1
    while place >= 0 and happenings[place, 0] > row:
        kind = happenings[place, 2]
        if happenings[place, 1] == column and kind in (SPLITTING, RIGHTS):
            price /= happenings[place, 3]
        place -= 1
    return price


@bare_step
def limit_base(
    closes: NDArray[np.float64], happenings: Happenings, met: int, row: int, column: int, dated: Dated
) -> float:
    """Return the close that the price limits of `row` go by, in today's shares, NaN if there is none."""
    return last_close(closes, happenings, met, int(dated[row, BASE]), column)
