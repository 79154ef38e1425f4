"""How far and how long equity was below its peak, by closing values."""

from __future__ import annotations

import math

import numpy as np

from midas.portfolio.measures.measure import Measure
from midas.portfolio.measures.sample import Sample


def _max_drawdown(sample: Sample) -> float | None:
    return float(sample.drawdowns.depth.min())


def _max_drawdown_days(sample: Sample) -> float | None:
    falls = sample.drawdowns
    end = falls.recovery if falls.recovery >= 0 else len(sample.days) - 1
    return float(sample.days[end] - sample.days[falls.peak]) if falls.depth[falls.trough] < 0 else 0.0


def _recovery_days(sample: Sample) -> float | None:
    falls = sample.drawdowns
    return float(sample.days[falls.recovery] - sample.days[falls.trough]) if falls.recovery >= 0 else None


def _longest_drawdown(sample: Sample) -> float | None:
    return sample.drawdowns.longest


def _average_drawdown(sample: Sample) -> float | None:
    depth = sample.drawdowns.depth
    under = depth < 0
    begins = np.flatnonzero(under & ~np.append(False, under[:-1]))
    return float(np.minimum.reduceat(depth, begins)[: len(begins)].mean()) if len(begins) else 0.0


def _current_drawdown(sample: Sample) -> float | None:
    return float(sample.drawdowns.depth[-1])


def _ulcer_index(sample: Sample) -> float | None:
    return math.sqrt(float((sample.drawdowns.depth**2).mean()))


DRAWDOWN = (
    Measure(
        "max_drawdown",
        "Max drawdown",
        "fraction",
        "lowest equity over its highest value so far, less 1; open positions at the close",
        _max_drawdown,
        frequency="closes",
    ),
    Measure(
        "max_drawdown_days",
        "Max drawdown length",
        "days",
        "calendar days from the peak before the max drawdown to its recovery, or to the end",
        _max_drawdown_days,
        frequency="closes",
    ),
    Measure(
        "recovery_days",
        "Recovery time",
        "days",
        "calendar days from the trough of the max drawdown to a new peak; none while it lasts",
        _recovery_days,
        frequency="closes",
    ),
    Measure(
        "longest_drawdown_days",
        "Longest drawdown",
        "days",
        "calendar days of the longest stretch below a peak",
        _longest_drawdown,
        frequency="closes",
    ),
    Measure(
        "average_drawdown",
        "Average drawdown",
        "fraction",
        "mean of the lowest points of all stretches below a peak",
        _average_drawdown,
        frequency="closes",
    ),
    Measure(
        "current_drawdown",
        "Drawdown at the end",
        "fraction",
        "last equity over its peak, less 1",
        _current_drawdown,
        frequency="closes",
    ),
    Measure(
        "ulcer_index",
        "Ulcer index",
        "fraction",
        "√(mean of squared drawdowns over all closes)",
        _ulcer_index,
        source="Martin, McCann (1989)",
    ),
)
