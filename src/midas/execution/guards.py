"""A strategy's exits, laid out for the matching kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.execution.conditions import read_only
from midas.kernels import exiting
from midas.marketdata.tiles import Matrix
from midas.strategies.exits import (
    AtrStop,
    AtrTakeProfit,
    AtrTrailingStop,
    Exit,
    RangeExit,
    StopLoss,
    TakeProfit,
    TimeStop,
    TrailingStop,
)

_PLACES: Mapping[type[Exit], int] = {
    StopLoss: exiting.STOP_LOSS,
    TrailingStop: exiting.TRAILING_STOP,
    TakeProfit: exiting.TAKE_PROFIT,
    TimeStop: exiting.TIME_STOP,
    AtrStop: exiting.ATR_STOP,
    AtrTrailingStop: exiting.ATR_TRAILING_STOP,
    AtrTakeProfit: exiting.ATR_TAKE_PROFIT,
}


@dataclass(frozen=True, slots=True)
class Guards:
    """What closes positions between two targets; see `kernels.exiting` for both arrays."""

    rules: NDArray[np.float64]
    ranges: NDArray[np.float64]


def guards(exits: Sequence[Exit], ranges: Mapping[int, Matrix]) -> Guards:
    """Lay out exits; `ranges` has, for each n they ask for, true range over close by row from the first on and name."""
    rules = np.full(exiting.RULES, np.nan)
    asked = [policy for policy in exits if isinstance(policy, RangeExit)]
    rows, columns = ranges[asked[0].n].shape if asked else (0, 0)
    known = np.full((3, rows, columns), np.nan)
    for policy in exits:
        place = _PLACES[type(policy)]
        if isinstance(policy, RangeExit):
            rules[place] = policy.multiple
            known[place - exiting.ATR_STOP] = ranges[policy.n]
        else:
            rules[place] = policy.value
    return Guards(read_only(rules), read_only(known))
