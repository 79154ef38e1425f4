"""Grids in float: ticks, lots, price limits and minor units, agreeing with exact decimals.

A price such as 12.34 has no exact float, so every step first undoes the last bits: a quotient within `NEAR_TICK` of a
whole number is that number, and an amount half a unit from two is never lost to the representation.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import bare_step

NEAR_TICK = 1e-7
"""A price this close to the grid, in ticks, is on it."""

NEAR_LOT = 1e-9
"""A quantity this close below a whole lot, in lots, is one."""

ULPS = 1e-15
"""A few units in the last place of a product of three floats, relative."""


@bare_step
def on_grid(count: float, size: float) -> float:
    """Return `count` times `size`, the nearest float to the decimal even for sizes such as 0.01."""
    if size >= 1.0:
        return count * size
    return float(count / np.rint(1.0 / size))


@bare_step
def floor_to(quantity: float, size: float) -> float:
    """Return the largest multiple of `size` not above `quantity`, forgiving `NEAR_LOT` and `ULPS`, never half a lot."""
    count = quantity / size
    return on_grid(np.floor(count + min(count * ULPS + NEAR_LOT, 0.5)), size)


@bare_step
def nearest_to(quantity: float, size: float) -> float:
    """Return the multiple of `size` nearest to `quantity`, which is one but for the last bits."""
    return on_grid(np.rint(quantity / size), size)


@bare_step
def half_up(amount: float) -> int:
    """Return a non-negative amount of minor units rounded half up."""
    return math.floor(amount * (1.0 + ULPS) + 0.5)


@bare_step
def signed_half_up(amount: float) -> int:
    """Return an amount of minor units rounded half away from 0."""
    return half_up(amount) if amount >= 0.0 else -half_up(-amount)


@bare_step
def cut(amount: float) -> int:
    """Return a non-negative amount of minor units without its fraction."""
    return math.floor(amount * (1.0 + ULPS) + NEAR_LOT)


@bare_step
def tick_at(price: float, ladder: NDArray[np.float64]) -> float:
    """Return the tick at `price` of a `ladder`, (step, 2) of floor and tick; 0 below its first floor."""
    tick = 0.0
    for rung in range(len(ladder)):
        if price * (1.0 + ULPS) < ladder[rung, 0]:
            break
        tick = ladder[rung, 1]
    return tick


@bare_step
def round_to_tick(price: float, up: bool, ladder: NDArray[np.float64]) -> float:
    """Return the nearest price of the ladder's grid at or above (`up`), or at or below, `price`."""
    tick = tick_at(price, ladder)
    if tick <= 0.0:
        return price
    count = price / tick
    whole = np.rint(count)
    if abs(count - whole) > NEAR_TICK:
        whole = np.ceil(count) if up else np.floor(count)
    return on_grid(whole, tick)


@bare_step
def limit_prices(base: float, fraction: float, ladder: NDArray[np.float64]) -> tuple[float, float]:
    """Return the lowest and highest price allowed from `base`.

    The room is `base` times `fraction` cut to the tick of the base; each end then goes inwards onto the grid at its
    own price. Without a grid the room is uncut.
    """
    tick = tick_at(base, ladder)
    if tick <= 0.0:
        return base * (1.0 - fraction), base * (1.0 + fraction)
    room = on_grid(np.floor(base * fraction / tick + NEAR_TICK), tick)
    return round_to_tick(base - room, True, ladder), round_to_tick(base + room, False, ladder)
