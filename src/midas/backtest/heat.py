"""How the score lies over the parameters: a map of it, and how flat it is around the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.grid import Axis
from midas.backtest.trials import Trials
from midas.strategies.param import ParamValue

MOST_CELLS = 40
"""A map is so many cells wide and high at most; finer values share one, which then shows their mean."""

NEAR = 0.05
"""The neighbourhood reaches so far along each axis, as a share of its length, and one value at least."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Mean score by one or two parameters; where more are varied, over the values of the others.

    scores : (y, x), NaN where nothing was tried. A label is the first value of its cell.
    """

    x: str
    y: str | None
    x_values: tuple[ParamValue, ...]
    y_values: tuple[ParamValue, ...]
    scores: NDArray[np.float64]

    def to_json(self) -> dict[str, object]:
        scores = [[None if np.isnan(one) else one for one in row] for row in self.scores.tolist()]
        labels = {"x_values": list(self.x_values), "y_values": list(self.y_values)}
        return {"x": self.x, "y": self.y, **labels, "scores": scores}


def heat_map(trials: Trials, metric: str) -> HeatMap | None:
    """Return the map of a search over its first two parameters with several values; None where none has."""
    varied = [at for at, axis in enumerate(trials.axes) if len(axis.values) > 1][:2]
    if not varied or not len(trials):
        return None
    scores = trials.column(metric)
    known = np.isfinite(scores)
    across = _cells(trials, varied[0])
    down = _cells(trials, varied[1]) if len(varied) > 1 else np.zeros(len(trials), np.int64)
    wide, high = _count(trials.axes[varied[0]]), _count(trials.axes[varied[1]]) if len(varied) > 1 else 1
    total, count = np.zeros((high, wide)), np.zeros((high, wide))
    np.add.at(total, (down[known], across[known]), scores[known])
    np.add.at(count, (down[known], across[known]), 1.0)
    mean = np.divide(total, count, out=np.full((high, wide), np.nan), where=count > 0)
    y = trials.axes[varied[1]] if len(varied) > 1 else None
    x = trials.axes[varied[0]]
    return HeatMap(x.name, y.name if y else None, _labels(x), _labels(y) if y else (), mean)


def flatness(trials: Trials, metric: str, best: int) -> float | None:
    """Return the mean score of the best trial's neighbours over its own; near 1 the best stands on a plateau.

    Neighbours lie within one value, or 5 % of the axis, of every parameter. None where there are none, or the best is
    not above 0.
    """
    scores = trials.column(metric)
    near = np.isfinite(scores)
    for at, axis in enumerate(trials.axes):
        reach = max(1, int(NEAR * len(axis.values))) if axis.is_numeric else 0
        near &= np.abs(trials.picks[:, at] - trials.picks[best, at]) <= reach
    near[best] = False
    if not near.any() or not scores[best] > 0:
        return None
    return float(scores[near].mean() / scores[best])


def _cells(trials: Trials, at: int) -> NDArray[np.int64]:
    axis = trials.axes[at]
    cells: NDArray[np.int64] = trials.picks[:, at] * _count(axis) // len(axis.values)
    return cells


def _count(axis: Axis) -> int:
    return min(MOST_CELLS, len(axis.values))


def _labels(axis: Axis) -> tuple[ParamValue, ...]:
    count = _count(axis)
    return tuple(axis.values[-(-cell * len(axis.values) // count)] for cell in range(count))
