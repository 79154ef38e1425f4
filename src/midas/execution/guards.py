"""A strategy's exits, laid out for the matching kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.execution.conditions import read_only
from midas.kernels import exit_rules
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
    StopLoss: exit_rules.STOP_LOSS,
    TrailingStop: exit_rules.TRAILING_STOP,
    TakeProfit: exit_rules.TAKE_PROFIT,
    TimeStop: exit_rules.TIME_STOP,
    AtrStop: exit_rules.ATR_STOP,
    AtrTrailingStop: exit_rules.ATR_TRAILING_STOP,
    AtrTakeProfit: exit_rules.ATR_TAKE_PROFIT,
}


@dataclass(frozen=True, slots=True)
class Guards:
    """What closes positions between two targets; see `kernels.exit_rules` for both arrays."""

    rules: NDArray[np.float64]
    ranges: NDArray[np.float64]


def rules_of(exits: Sequence[Exit]) -> NDArray[np.float64]:
    """Return the numbers of exits in their places, NaN where there is none."""
    rules = np.full(exit_rules.RULES, np.nan)
    for policy in exits:
        rules[_PLACES[type(policy)]] = policy.multiple if isinstance(policy, RangeExit) else policy.value
    return rules


def range_places(exits: Sequence[Exit]) -> dict[str, int]:
    """Return where the ranges of exits that go by them are kept, by the exit's key."""
    asked = [policy for policy in exits if isinstance(policy, RangeExit)]
    return {policy.key: _PLACES[type(policy)] - exit_rules.ATR_STOP for policy in asked}


def guards(exits: Sequence[Exit], ranges: Mapping[int, Matrix]) -> Guards:
    """Lay out exits; `ranges` has, for each n they ask for, true range over close by row from the first on and name."""
    asked = [policy for policy in exits if isinstance(policy, RangeExit)]
    rows, columns = ranges[asked[0].n].shape if asked else (0, 0)
    known = np.full((3, rows, columns), np.nan)
    places = range_places(exits)
    for policy in asked:
        known[places[policy.key]] = ranges[policy.n]
    return Guards(read_only(rules_of(exits)), read_only(known))
