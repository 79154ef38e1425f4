"""Windows as monoids: how a value is lifted, two neighbouring runs are joined, and the result read off."""

from __future__ import annotations

import math

from midas.kernels.loop import window


def _same(x: float) -> float:
    return x


def _read(_: int, x: float) -> float:
    return x


def _add(_n: int, x: float, _m: int, y: float) -> float:
    return x + y


def _mean(n: int, total: float) -> float:
    return total / n


def _smaller(_n: int, x: float, _m: int, y: float) -> float:
    return x if (x < y or x != x) else y


def _larger(_n: int, x: float, _m: int, y: float) -> float:
    return x if (x > y or x != x) else y


def _later(_n: int, x: float, _m: int, y: float) -> float:
    return y if y == y else x


def _present(x: float) -> float:
    return 1.0 if x == x else 0.0


def _add_present(_n: int, x: float, _m: int, y: float) -> float:
    # NaN stands for rows before the first one that was read.
    return (x if x == x else 0.0) + (y if y == y else 0.0)


def _moments(x: float) -> tuple[float, float]:
    return x, 0.0


def _merge(n: int, mean: float, squares: float, m: int, other_mean: float, other_squares: float) -> tuple[float, float]:
    distance = other_mean - mean
    weight = m / (n + m)
    return mean + distance * weight, squares + other_squares + distance * distance * (n * weight)


def _variance(n: int, _: float, squares: float) -> float:
    return squares / (n - 1)


def _deviation(n: int, _: float, squares: float) -> float:
    return math.sqrt(squares / (n - 1))


LOOPS = (
    window("sum", 1, _same, _add, _read),
    window("mean", 1, _same, _add, _mean),
    window("min", 1, _same, _smaller, _read),
    window("max", 1, _same, _larger, _read),
    window("last", 1, _same, _later, _read),
    window("count", 1, _present, _add_present, _read),
    window("var", 2, _moments, _merge, _variance),
    window("std", 2, _moments, _merge, _deviation),
)
