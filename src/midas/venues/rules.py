"""A venue's dated rules laid out for the matching kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RuleArrays:
    """Rules for T sessions and C rule classes (a class is a board and a kind of instrument).

    class_of : (instrument,) int64, the rule class of each instrument.
    ladder_of : (C, T) int64, row of the tick ladder in force; -1 where prices have no grid.
    ladder_floor, ladder_tick : (ladder, step) float64; step k applies to prices >= floor[k]; unused steps are +inf.
    limit : (C, T) float64, price limit as a fraction of the base price (0.3 is ±30 %); NaN where there is none. The
        width is base times fraction cut to the tick at the base; both ends then move towards the base onto the grid.
    lot : (C, T) float64, smallest tradable quantity when trading whole lots.
    buy_rate, sell_rate : (T,) float64, default commission as a fraction of value, exchange and regulator fees included.
    sell_per_share, sell_per_share_cap : (T,) float64, default fee per share sold, and its cap per fill (inf: none).
    buy_tax, sell_tax : (C, T) float64, tax as a fraction of value bought and sold, by trade date.
    sell_lock : (T,) int64, sessions that what was bought is kept before it may be sold.
    settles : (T,) datetime64[D], day on which the money for a sale is there.
    unsettled_buys : (T,) int64, what money buys before that: indexes `settlement.UNSETTLED_BUYS`.
    tax_truncates : True where tax is cut to the minor unit instead of rounded half up.

    Rates are the floats nearest to short decimals, so a product may fall a hair short of the whole minor unit it stands
    for: undo that before cutting or rounding.
    """

    class_of: NDArray[np.int64]
    ladder_of: NDArray[np.int64]
    ladder_floor: NDArray[np.float64]
    ladder_tick: NDArray[np.float64]
    limit: NDArray[np.float64]
    lot: NDArray[np.float64]
    buy_rate: NDArray[np.float64]
    sell_rate: NDArray[np.float64]
    sell_per_share: NDArray[np.float64]
    sell_per_share_cap: NDArray[np.float64]
    buy_tax: NDArray[np.float64]
    sell_tax: NDArray[np.float64]
    sell_lock: NDArray[np.int64]
    settles: NDArray[np.datetime64]
    unsettled_buys: NDArray[np.int64]
    tax_truncates: bool
