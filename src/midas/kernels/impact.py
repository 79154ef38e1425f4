"""What an order does to the price, from the sessions before it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import step
from midas.kernels.fill import SHARE_IMPACT, SHARE_OF_VOLUME, SQRT_IMPACT, Terms
from midas.kernels.world import LANES, Happenings

Tiles = NDArray[np.float64]

SESSIONS = 20
"""How far back usual volume and volatility reach."""


@step
def impact(
    row: int,
    column: int,
    wanted: float,
    met: int,
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    terms: Terms,
) -> float:
    """Return the share of the price by which an order of `wanted` shares moves it against itself on `row`.

    Only what the volume cap would let through on a usual day counts. 0 without a model, and where fewer than two
    earlier returns are known.
    """
    if terms[SQRT_IMPACT] == 0.0 and terms[SHARE_IMPACT] == 0.0:
        return 0.0
    volume, volatility = habits(row, column, met, closes, volumes, happenings)
    if not volume > 0.0:
        return 0.0
    share = min(wanted / volume, terms[SHARE_OF_VOLUME])
    return float(terms[SQRT_IMPACT] * volatility * math.sqrt(share) + terms[SHARE_IMPACT] * share * share)


@step
def habits(
    row: int, column: int, met: int, closes: Tiles, volumes: Tiles, happenings: Happenings
) -> tuple[float, float]:
    """Return mean volume, in the shares of `row`, and standard deviation of returns over the sessions before it.

    Sessions without a bar are left out; the deviation is that of a sample, both are 0 below two returns.
    """
    tile, lane = column // LANES, column % LANES
    shares, later = 1.0, math.nan
    volume, bars, total, squares, returns = 0.0, 0, 0.0, 0.0, 0
    place = met - 1
    for at in range(row - 1, max(-1, row - 1 - SESSIONS), -1):
        while place >= 0 and happenings[place, 0] > at:
            if happenings[place, 1] == column and happenings[place, 2] == 0.0:
                shares *= happenings[place, 3]
            place -= 1
        close = closes[tile, at, lane] / shares
        if math.isnan(close):
            continue
        bars += 1
        if volumes[tile, at, lane] > 0.0:
            volume += volumes[tile, at, lane] * shares
        if not math.isnan(later):
            change = later / close - 1.0
            returns += 1
            total += change
            squares += change * change
        later = close
    if returns < 2:
        return 0.0, 0.0
    spread = (squares - total * total / returns) / (returns - 1)
    return volume / bars, math.sqrt(max(0.0, spread))
