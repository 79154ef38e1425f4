"""What an order does to the price, from the sessions before it."""

from __future__ import annotations

import math

from midas.kernels.compiled import step
from midas.kernels.fill import SHARE_IMPACT, SHARE_OF_VOLUME, SQRT_IMPACT
from midas.kernels.frame import Frame
from midas.kernels.framed import closes_in, happenings_in, terms_in, volumes_in
from midas.kernels.world import LANES, RIGHTS, SPLITTING

SESSIONS = 20
"""How far back usual volume and volatility reach."""


@step
def impact(row: int, column: int, wanted: float, met: int, frame: Frame) -> float:
    """Return the share of the price by which an order of `wanted` shares moves it against itself on `row`.

    Only what the volume cap would let through on a usual day counts. 0 without a model, and where fewer than two
    earlier returns are known.
    """
    terms = terms_in(frame)
    if terms[SQRT_IMPACT] == 0.0 and terms[SHARE_IMPACT] == 0.0:
        return 0.0
    volume, volatility = habits(row, column, met, frame)
    if not volume > 0.0:
        return 0.0
    share = min(wanted / volume, terms[SHARE_OF_VOLUME])
    return float(terms[SQRT_IMPACT] * volatility * math.sqrt(share) + terms[SHARE_IMPACT] * share * share)


@step
def habits(row: int, column: int, met: int, frame: Frame) -> tuple[float, float]:
    """Return mean volume, in the shares of `row`, and standard deviation of returns over the sessions before it.

    Sessions without a bar are left out; the deviation is that of a sample, both are 0 below two returns.
    """
    closes, volumes, happenings = closes_in(frame), volumes_in(frame), happenings_in(frame)
    tile, lane = column // LANES, column % LANES
    shares, worth, later = 1.0, 1.0, math.nan
    volume, bars, total, squares, returns = 0.0, 0, 0.0, 0.0, 0
    place = met - 1
    for at in range(row - 1, max(-1, row - 1 - SESSIONS), -1):
        while place >= 0 and happenings[place, 0] > at:
            kind = happenings[place, 2]
            if happenings[place, 1] == column and kind in (SPLITTING, RIGHTS):
                worth *= happenings[place, 3]
                shares *= happenings[place, 3] if kind == SPLITTING else 1.0
            place -= 1
        close = closes[tile, at, lane] / worth
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
