"""Exponential averages whose weight varies, and the spread around one."""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math

from midas.kernels.loop import recursive

NAN = math.nan


@recursive(inputs=2, states=2)
def adaptive_mean(x: float, weight: float, value: float, begun: float) -> tuple[float, float, float]:
    known = x == x and weight == weight
    following = value + weight * (x - value) if value == value else x
    # Until the first weight the average is the last value seen.
    waiting = x == x and begun != begun
    value = following if known else (x if waiting else value)
    return (value if known else NAN), value, (1.0 if known else begun)


@recursive(inputs=1, states=4, params=1)
def ewm_var(
    x: float, mean: float, spread: float, weights: float, seen: float, n: float
) -> tuple[float, float, float, float, float]:
    alpha = 2.0 / (n + 1.0)
    rest = 1.0 - alpha
    known, first = x == x, seen != seen
    distance = 0.0 if first else x - mean
    mean = (x if first else mean + alpha * distance) if known else mean
    spread = (0.0 if first else rest * (spread + alpha * distance * distance)) if known else spread
    # The sum of squared weights: 1 less it is what the mean of few values leaves of the spread.
    weights = (1.0 if first else rest * rest * weights + alpha * alpha) if known else weights
    seen = (1.0 if first else (seen + 1.0 if seen < n else seen)) if known else seen
    return (spread / (1.0 - weights) if (known and seen == n) else NAN), mean, spread, weights, seen


LOOPS = (adaptive_mean, ewm_var)
