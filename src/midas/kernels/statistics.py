"""Statistics of the last n values: moments, co-moments, extremes and order."""

from __future__ import annotations

import math

from midas.kernels.loop import window
from midas.kernels.ring import order_statistic, scan

NAN = math.nan


def _same(x: float) -> float:
    return x


def _multiply(_n: int, x: float, _m: int, y: float) -> float:
    return x * y


def _read(_: int, x: float) -> float:
    return x


# Moments of two neighbouring runs merge as in Pébay, Formulas for Robust, One-Pass Parallel Computation of Covariances
# and Arbitrary-Order Statistical Moments (2008).
def _three(x: float) -> tuple[float, float, float]:
    return x, 0.0, 0.0


def _merge_three(
    n: int, mean: float, squares: float, cubes: float, m: int, right: float, right_squares: float, right_cubes: float
) -> tuple[float, float, float]:
    distance = right - mean
    share, rest = m / (n + m), n / (n + m)
    square = distance * distance * (n * share)
    third = square * distance * (rest - share)
    return (
        mean + distance * share,
        squares + right_squares + square,
        cubes + right_cubes + third + 3.0 * distance * (rest * right_squares - share * squares),
    )


def _skew(n: int, _: float, squares: float, cubes: float) -> float:
    factor = n * math.sqrt(n - 1.0) / (n - 2.0)
    return factor * (cubes / (squares * math.sqrt(squares))) if squares > 0.0 else NAN


def _four(x: float) -> tuple[float, float, float, float]:
    return x, 0.0, 0.0, 0.0


def _merge_four(
    n: int,
    mean: float,
    squares: float,
    cubes: float,
    fourths: float,
    m: int,
    right: float,
    right_squares: float,
    right_cubes: float,
    right_fourths: float,
) -> tuple[float, float, float, float]:
    distance = right - mean
    share, rest = m / (n + m), n / (n + m)
    spread = distance * distance
    square = spread * (n * share)
    return (
        mean + distance * share,
        squares + right_squares + square,
        cubes
        + right_cubes
        + square * distance * (rest - share)
        + 3.0 * distance * (rest * right_squares - share * squares),
        fourths
        + right_fourths
        + square * spread * (rest * rest - rest * share + share * share)
        + 6.0 * spread * (rest * rest * right_squares + share * share * squares)
        + 4.0 * distance * (rest * right_cubes - share * cubes),
    )


def _kurt(n: int, _mean: float, squares: float, _cubes: float, fourths: float) -> float:
    ratio = (n + 1.0) * n * (fourths / squares / squares) if squares > 0.0 else NAN
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * (ratio - 3.0 * (n - 1.0))


def _pair(x: float, other: float) -> tuple[float, float, float]:
    return x, other, 0.0


def _merge_pair(
    n: int, mean: float, other: float, products: float, m: int, right: float, right_other: float, right_products: float
) -> tuple[float, float, float]:
    distance, other_distance = right - mean, right_other - other
    share = m / (n + m)
    return (
        mean + distance * share,
        other + other_distance * share,
        products + right_products + distance * other_distance * (n * share),
    )


def _covariance(n: int, _mean: float, _other: float, products: float) -> float:
    return products / (n - 1)


def _point(x: float) -> tuple[float, float]:
    return x, 0.0


# The mean times of two neighbouring runs lie half of both lengths apart.
def _merge_line(n: int, mean: float, rise: float, m: int, right: float, right_rise: float) -> tuple[float, float]:
    distance = right - mean
    return mean + distance * (m / (n + m)), rise + right_rise + distance * (0.5 * n * m)


def _slope(n: int, _: float, rise: float) -> float:
    return rise / (n * (n * n - 1.0) / 12.0)


def _here(x: float) -> tuple[float, float]:
    return x, 0.0


def _latest_largest(_n: int, x: float, age: float, m: int, y: float, later_age: float) -> tuple[float, float]:
    later = y >= x or y != y
    return (y if later else x), (later_age if later else age + m)


def _age(_: int, x: float, age: float) -> float:
    return age if x == x else NAN


# The highest, the lowest, and the deepest fall between them in this order.
def _level(x: float) -> tuple[float, float, float]:
    level = x if x > 0.0 else NAN
    return level, level, 0.0


def _deeper(
    _n: int, high: float, low: float, fall: float, _m: int, later_high: float, later_low: float, later_fall: float
) -> tuple[float, float, float]:
    across = later_low / high - 1.0
    deepest = fall if fall < later_fall else later_fall
    return (
        high if (high > later_high or high != high) else later_high,
        low if (low < later_low or low != low) else later_low,
        across if across < deepest else deepest,
    )


def _fall(_n: int, high: float, _low: float, fall: float) -> float:
    return fall if high == high else NAN


# Places from the smallest up, half a place for an equal, itself among them.
def _place(places: float, value: float, reference: float) -> float:
    return places + (1.0 if value < reference else (0.5 if value == reference else (0.0 if value > reference else NAN)))


def _percentile(n: int, places: float) -> float:
    return (places + 0.5) / n


def _further(total: float, value: float, reference: float) -> float:
    return total + abs(value - reference)


def _mean(n: int, total: float) -> float:
    return total / n


def _swap(here: float, above: float, oldest: float, newest: float, below: float) -> tuple[float, float]:
    rest = here if here < oldest else above
    smaller = newest if newest < rest else rest
    return (smaller if smaller > below else below), rest


def _between(missing: float, low: float, high: float, part: float) -> float:
    value = low + (high - low) * part if part > 0.0 else low
    return value if missing == 0.0 else NAN


PAIRED = (window("covariance", 3, _pair, _merge_pair, _covariance, inputs=2),)
WINDOWS = (
    window("product", 1, _same, _multiply, _read),
    window("skew", 3, _three, _merge_three, _skew),
    window("kurt", 4, _four, _merge_four, _kurt),
    window("slope", 2, _point, _merge_line, _slope),
    window("argmax", 2, _here, _latest_largest, _age),
    window("max_drawdown", 3, _level, _deeper, _fall),
    *PAIRED,
)
SCANS = (
    scan("ts_rank", _place, _percentile),
    scan("mean_distance", _further, _mean, inputs=2),
)
QUANTILE = order_statistic("quantile", _swap, _between)
LOOPS = (*WINDOWS, *SCANS, QUANTILE)
