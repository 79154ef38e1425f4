"""Steps of price and volume indicators that remember more than a window or an average."""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math

from midas.kernels.loop import recursive

NAN = math.nan


@recursive(inputs=1, states=1)
def previous(x: float, last: float) -> tuple[float, float]:
    known = x == x
    return (last if known else NAN), (x if known else last)


@recursive(inputs=1, states=1)
def cumulative(x: float, total: float) -> tuple[float, float]:
    known = x == x
    following = (total if total == total else 0.0) + x
    return (following if known else NAN), (following if known else total)


@recursive(inputs=3, states=4)
def trailing_band(
    middle: float, width: float, x: float, upper: float, lower: float, rising: float, last: float
) -> tuple[float, float, float, float, float]:
    known = middle == middle and width == width and x == x
    above, below = middle + width, middle - width
    # A bound only moves towards x, until x has closed beyond it.
    ceiling = upper if (upper < above and last <= upper) else above
    floor = lower if (lower > below and last >= lower) else below
    up = (x >= floor) if rising == 1.0 else (x > ceiling)
    line = floor if up else ceiling
    return (
        (line if known else NAN),
        (ceiling if known else upper),
        (floor if known else lower),
        ((1.0 if up else 0.0) if known else rising),
        (x if known else last),
    )


@recursive(inputs=2, states=6, params=2)
def sar(
    high: float,
    low: float,
    stop: float,
    extreme: float,
    speed: float,
    rising: float,
    last_high: float,
    last_low: float,
    step: float,
    limit: float,
) -> tuple[float, float, float, float, float, float, float]:
    known = high == high and low == low
    if not known:
        return NAN, stop, extreme, speed, rising, last_high, last_low
    if last_high != last_high:
        return NAN, stop, extreme, speed, rising, high, low
    if stop != stop:
        fall, rise = last_low - low, high - last_high
        rising = 0.0 if (fall > 0.0 and fall > rise) else 1.0
        extreme = high if rising == 1.0 else low
        stop = last_low if rising == 1.0 else last_high
        speed = min(step, limit)
        # TA-Lib forgets the first bar here: the bounds of the first step are the second bar's.
        last_high, last_low = high, low
    # Falling is rising in a mirror.
    side = 1.0 if rising == 1.0 else -1.0
    best, worst = (high, low) if rising == 1.0 else (-low, -high)
    last_best, last_worst = (last_high, last_low) if rising == 1.0 else (-last_low, -last_high)
    held, top = side * stop, side * extreme
    if worst <= held:
        shown = max(top, last_best, best)
        top, speed, rising = worst, min(step, limit), 1.0 - rising
        held = max(shown + speed * (top - shown), last_best, best)
    else:
        shown = held
        if best > top:
            top, speed = best, min(speed + step, limit)
        held = min(held + speed * (top - held), last_worst, worst)
    return side * shown, side * held, side * top, speed, rising, high, low


@recursive(inputs=2, states=6, params=8)
def sar_extended(
    high: float,
    low: float,
    stop: float,
    extreme: float,
    speed: float,
    rising: float,
    last_high: float,
    last_low: float,
    start: float,
    offset: float,
    first_up: float,
    step_up: float,
    limit_up: float,
    first_down: float,
    step_down: float,
    limit_down: float,
) -> tuple[float, float, float, float, float, float, float]:
    if not (high == high and low == low):
        return NAN, stop, extreme, speed, rising, last_high, last_low
    if last_high != last_high:
        return NAN, stop, extreme, speed, rising, high, low
    if stop != stop:
        fall, rise = last_low - low, high - last_high
        rising = 0.0 if ((fall > 0.0 and fall > rise) if start == 0.0 else start < 0.0) else 1.0
        extreme = high if rising == 1.0 else low
        stop = abs(start) if start != 0.0 else (last_low if rising == 1.0 else last_high)
        speed = min(first_up, limit_up) if rising == 1.0 else min(first_down, limit_down)
        last_high, last_low = high, low
    # Falling is rising in a mirror; what it turns into has the other side's numbers.
    up = rising == 1.0
    side = 1.0 if up else -1.0
    best, worst = (high, low) if up else (-low, -high)
    last_best, last_worst = (last_high, last_low) if up else (-last_low, -last_high)
    held, top = side * stop, side * extreme
    if worst <= held:
        shown = max(top, last_best, best)
        shown += abs(shown) * offset
        top, speed = worst, (min(first_down, limit_down) if up else min(first_up, limit_up))
        held = max(shown + speed * (top - shown), last_best, best)
        return -abs(shown) if up else abs(shown), side * held, side * top, speed, 1.0 - rising, high, low
    shown = held
    if best > top:
        top, speed = best, min(speed + (min(step_up, limit_up) if up else min(step_down, limit_down)),
                               limit_up if up else limit_down)  # fmt: skip
    held = min(held + speed * (top - held), last_worst, worst)
    return side * abs(shown), side * held, side * top, speed, rising, high, low


LOOPS = (previous, cumulative, trailing_band, sar, sar_extended)
