"""Steps that look at one value of each input."""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math

from midas.kernels.loop import pointwise

NAN = math.nan
INFINITE = math.inf
ROUNDING = 1e-12
"""What two ways of adding up the same prices may differ by, relative."""


@pointwise(inputs=2)
def add(x: float, y: float) -> float:
    return x + y


@pointwise(inputs=2)
def subtract(x: float, y: float) -> float:
    return x - y


@pointwise(inputs=2)
def multiply(x: float, y: float) -> float:
    return x * y


@pointwise(inputs=2)
def divide(x: float, y: float) -> float:
    return x / y if y != 0.0 else NAN


@pointwise(inputs=2)
def power(x: float, y: float) -> float:
    return x**y if (x == x and y == y and (x != 0.0 or y >= 0.0)) else NAN


@pointwise(inputs=1)
def negate(x: float) -> float:
    return -x


@pointwise(inputs=1)
def absolute(x: float) -> float:
    return abs(x)


@pointwise(inputs=1)
def sign(x: float) -> float:
    return x if x != x else (1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0))


@pointwise(inputs=1)
def log(x: float) -> float:
    return math.log(x) if x > 0.0 else NAN


@pointwise(inputs=1)
def exp(x: float) -> float:
    result = math.exp(x)
    return result if result < INFINITE else NAN


@pointwise(inputs=1)
def sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0.0 else NAN


@pointwise(inputs=1)
def floor(x: float) -> float:
    return math.floor(x) if x - x == 0.0 else NAN


@pointwise(inputs=1)
def sin(x: float) -> float:
    return math.sin(x) if x - x == 0.0 else NAN


@pointwise(inputs=1)
def cos(x: float) -> float:
    return math.cos(x) if x - x == 0.0 else NAN


@pointwise(inputs=1)
def arctan(x: float) -> float:
    return math.atan(x)


@pointwise(inputs=1, params=2)
def clip(x: float, low: float, high: float) -> float:
    return low if x < low else (high if x > high else x)


@pointwise(inputs=2)
def min2(x: float, y: float) -> float:
    return x if (x < y or x != x) else y


@pointwise(inputs=2)
def max2(x: float, y: float) -> float:
    return x if (x > y or x != x) else y


@pointwise(inputs=2)
def compare(x: float, y: float) -> float:
    apart = x - y
    noise = ROUNDING * max(abs(x), abs(y)) if abs(apart) < INFINITE else 0.0
    return apart if apart != apart else (1.0 if apart > noise else (-1.0 if apart < -noise else 0.0))


@pointwise(inputs=2)
def greater(x: float, y: float) -> float:
    return (1.0 if x > y else 0.0) if (x == x and y == y) else NAN


@pointwise(inputs=2)
def greater_equal(x: float, y: float) -> float:
    return (1.0 if x >= y else 0.0) if (x == x and y == y) else NAN


@pointwise(inputs=2)
def less(x: float, y: float) -> float:
    return (1.0 if x < y else 0.0) if (x == x and y == y) else NAN


@pointwise(inputs=2)
def less_equal(x: float, y: float) -> float:
    return (1.0 if x <= y else 0.0) if (x == x and y == y) else NAN


@pointwise(inputs=2)
def equal(x: float, y: float) -> float:
    return (1.0 if x == y else 0.0) if (x == x and y == y) else NAN


@pointwise(inputs=2)
def not_equal(x: float, y: float) -> float:
    return (1.0 if x != y else 0.0) if (x == x and y == y) else NAN


@pointwise(inputs=2)
def both(x: float, y: float) -> float:
    return 0.0 if (x == 0.0 or y == 0.0) else x + y - 1.0


@pointwise(inputs=2)
def either(x: float, y: float) -> float:
    return 1.0 if (x == 1.0 or y == 1.0) else x + y


@pointwise(inputs=1)
def negation(x: float) -> float:
    return 1.0 - x


@pointwise(inputs=2)
def where(x: float, condition: float) -> float:
    return x if condition == 1.0 else NAN


@pointwise(inputs=3)
def choose(x: float, condition: float, other: float) -> float:
    return x if condition == 1.0 else (other if condition == 0.0 else NAN)


@pointwise(inputs=2)
def fill(x: float, other: float) -> float:
    return x if x == x else other


@pointwise(inputs=1)
def is_missing(x: float) -> float:
    return 0.0 if x == x else 1.0


@pointwise(inputs=2)
def with_bar(x: float, close: float) -> float:
    return x if close == close else NAN


LOOPS = (
    add, subtract, multiply, divide, power, negate, absolute, sign, log, exp, sqrt, floor, sin, cos, arctan, clip, min2,
    max2, compare, greater, greater_equal, less, less_equal, equal, not_equal, both, either, negation, where, choose,
    fill, is_missing, with_bar,
)  # fmt: skip
