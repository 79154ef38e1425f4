"""Sums that several libraries share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.portfolio.measures.sample import Reals


def divided(above: float, below: float) -> float:
    """Return a quotient, NaN where nothing is divided by."""
    return above / below if below else math.nan


def mean(values: Reals) -> float:
    """Return the mean, NaN of nothing."""
    return float(values.mean()) if len(values) else math.nan


def deviation(values: Reals, lost: int = 1) -> float:
    """Return the standard deviation over n - `lost`, NaN where there are too few values."""
    return float(values.std(ddof=lost)) if len(values) > lost else math.nan


def grown(returns: Reals) -> float:
    """Return the compounded return."""
    return float(np.prod(1.0 + returns)) - 1.0


def depths(returns: Reals) -> Reals:
    """Return, after each period, wealth over its highest value so far including the 1 it began with, less one."""
    wealth = np.cumprod(1.0 + returns)
    return wealth / np.maximum.accumulate(np.maximum(wealth, 1.0)) - 1.0


def deepest(returns: Reals) -> float:
    """Return the lowest depth, 0 or below."""
    return float(depths(returns).min(initial=0.0))


def moments(values: Reals) -> tuple[float, float]:
    """Return population skewness and excess kurtosis, NaN where the values do not vary."""
    centred = values - values.mean()
    squares = centred * centred
    variance = float(squares.mean())
    if variance == 0:
        return math.nan, math.nan
    return float((squares * centred).mean()) / variance**1.5, float((squares * squares).mean()) / variance**2 - 3.0


def sample_moments(values: Reals) -> tuple[float, float]:
    """Return skewness G1 and excess kurtosis G2, corrected for the number of values (Joanes, Gill 1998)."""
    n = len(values)
    if n < 4:
        return math.nan, math.nan
    skew, kurtosis = moments(values)
    corrected = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * kurtosis + 6.0)
    return skew * math.sqrt(n * (n - 1)) / (n - 2), corrected


def slope(values: Reals, on: Reals) -> float:
    """Return the slope of the least-squares line of `values` on `on`."""
    centred = on - on.mean()
    return divided(float(centred @ (values - values.mean())), float(centred @ centred))


def correlation(one: Reals, other: Reals) -> float:
    """Return Pearson's correlation."""
    a, b = one - one.mean(), other - other.mean()
    return divided(float(a @ b), math.sqrt(float(a @ a) * float(b @ b)))


def longest_run(hits: NDArray[np.bool_]) -> int:
    """Return the length of the longest stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], hits.astype(np.int8), [0]))))
    return int(np.diff(edges)[::2].max(initial=0))
