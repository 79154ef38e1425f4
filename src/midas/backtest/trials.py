"""What a search tried, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.backtest.grid import Axis
from midas.backtest.lanes import KEPT
from midas.backtest.samplers import Picks
from midas.core.errors import InvalidInput, did_you_mean
from midas.portfolio.measures.registry import by_key
from midas.strategies.param import ParamValue

MAIN = KEPT
"""The measures every trial keeps."""

LESS_IS_BETTER = frozenset(
    {
        "volatility", "sharpe_error", "max_drawdown_days", "recovery_days", "longest_drawdown_days", "ulcer_index",
        "turnover", "fees", "taxes", "slippage", "rejected_orders", "tracking_error", "losses_in_a_row",
    }
)  # fmt: skip

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trials:
    """One entry a trial: which of each axis' values it had, and its measures (trial, measure), NaN where undefined."""

    axes: tuple[Axis, ...]
    picks: Picks
    measures: tuple[str, ...]
    values: Values

    def __len__(self) -> int:
        return len(self.picks)

    def params(self, trial: int) -> dict[str, ParamValue]:
        """Return the varied parameters of a trial."""
        return params_of(self.axes, self.picks[trial])

    def column(self, measure: str) -> Values:
        return self.values[:, self.measures.index(measure)]

    def best(self, metric: str) -> int | None:
        """Return the first of the best trials, None where no trial has a score."""
        scores = self.column(metric)
        known = np.flatnonzero(np.isfinite(scores))
        if not len(known):
            return None
        return int(known[np.argmax(merit(metric, scores[known]))])

    def frame(self, metric: str) -> pl.DataFrame:
        """Return one row a trial: its parameters, `score`, and its measures, null where undefined."""
        columns: dict[str, pl.Series] = {}
        for at, axis in enumerate(self.axes):
            columns[axis.name] = pl.Series(list(axis.values)).gather(pl.Series(self.picks[:, at]))
        columns["score"] = pl.Series(self.column(metric)).fill_nan(None)
        for at, measure in enumerate(self.measures):
            # A parameter may be called like a measure.
            name = f"measure_{measure}" if measure in columns else measure
            columns[name] = pl.Series(np.ascontiguousarray(self.values[:, at])).fill_nan(None)
        return pl.DataFrame(columns)


def trials_of(frame: pl.DataFrame, axes: Sequence[Axis], metric: str) -> Trials:
    """Read back what `Trials.frame` wrote."""
    picks = [
        [places[value] for value in frame[axis.name].to_list()]
        for axis in axes
        for places in ({value: place for place, value in enumerate(axis.values)},)
    ]
    measures = measures_for(metric)
    taken = {axis.name for axis in axes} | {"score"}
    names = [f"measure_{name}" if name in taken else name for name in measures]
    values = [frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in names]
    return Trials(tuple(axes), np.array(picks, np.int64).T.reshape(-1, len(axes)), measures, np.column_stack(values))


def params_of(axes: Sequence[Axis], pick: NDArray[np.int64]) -> dict[str, ParamValue]:
    """Return the parameters a pick stands for."""
    return {axis.name: axis.values[int(place)] for axis, place in zip(axes, pick, strict=True)}


def merit(metric: str, scores: Values) -> Values:
    """Return scores so that higher is better."""
    return -scores if metric in LESS_IS_BETTER else scores


def measures_for(metric: str) -> tuple[str, ...]:
    """Return the measures a search by this metric keeps.

    Raises
    ------
    InvalidInput: there is no such measure.
    """
    known = by_key()
    if metric not in known:
        raise InvalidInput(
            f"There is no measure {metric[:64]!r}.", hint=did_you_mean(metric[:64], list(known)), code="unknown_metric"
        )
    return MAIN if metric in MAIN else (*MAIN, metric)
