"""A sweep: every trial is the ordinary run of its parameters, and the best is the best."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.factors.markets import bars, panel_of

from midas.backtest.run import run
from midas.backtest.sweep import sweep
from midas.backtest.trials import MAIN
from midas.core.errors import InvalidInput
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.momentum import Momentum
from midas.strategies.library.rsi_reversion import RsiReversion
from midas.strategies.library.sma_cross import SmaCross

ONE = panel_of(bars(400, 1, seed=3))
FEW = panel_of(bars(300, 5, seed=4, gaps=0.02))

YAML = """
name: dip
params: {rows: {default: 5, low: 2, high: 50}, depth: 0.02}
targets: hold(entry=close < close.mean(rows) * (1 - depth), exit=close > close.mean(rows)).slot()
"""

CASES = [
    (SmaCross, ONE, {"fast": "3:20:4", "slow": "10:50:13"}, {}),
    (SmaCross, ONE, {"fast": "5,9", "every": ["change", "bar", "month_end"]}, {"slippage_bps": 7.0}),
    (SmaCross, FEW, {"fast": "3,8", "slow": "15,30"}, {"start": np.datetime64("2020-03-01").item()}),
    (Momentum, FEW, {"lookback": "5,20", "top": "1:3"}, {"commission_bps": 5.0}),
    (RsiReversion, ONE, {"period": "5,8", "lower": "30,40,70"}, {"lots": "fractional"}),
    (BuyAndHold, FEW, {"every": ["once", "week_end"]}, {"initial_capital": 5_000}),
    (YAML, FEW, {"rows": "3,7", "depth": "0:0.04:0.02"}, {}),
]


@pytest.mark.parametrize(("strategy", "panel", "grid", "options"), CASES)
def test_every_trial_is_the_ordinary_run(strategy, panel, grid, options) -> None:
    found = sweep(strategy, panel, grid, metric="total_return", **options)
    assert len(found.trials) + found.skipped == np.prod([len(axis.values) for axis in found.trials.axes])
    for trial in range(len(found.trials)):
        alone = run(found.plan.subject.definition(found.trials.params(trial)), panel, **options)
        for key, value in zip(found.trials.measures, found.trials.values[trial], strict=True):
            assert value == alone.summary[key] or (np.isnan(value) and alone.summary[key] is None), key
    assert found.best_score == max(found.trials.column("total_return"))


def test_what_the_strategy_refuses_is_skipped_and_counted() -> None:
    found = sweep(SmaCross, ONE, {"fast": "5,10,20", "slow": "5,10,20"})
    assert (len(found.trials), found.skipped) == (3, 6)
    assert "fast must be below slow" in found.skipped_because


def test_what_leaves_no_session_is_skipped() -> None:
    found = sweep(SmaCross, ONE, {"fast": "5", "slow": "20,450"})
    assert (len(found.trials), found.skipped) == (1, 1)
    assert "needs" in found.skipped_because


def test_nothing_but_refusals_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="fast must be below slow"):
        sweep(SmaCross, ONE, {"fast": "50", "slow": "20,30"})
    with pytest.raises(InvalidInput, match="All 2 combinations were refused"):
        sweep(SmaCross, ONE, {"fast": "5", "slow": "450,460"})


def test_a_measure_there_is_not() -> None:
    with pytest.raises(InvalidInput) as refusal:
        sweep(SmaCross, ONE, {"fast": "5"}, metric="sharp")
    assert "'sharpe'" in refusal.value.hint


@pytest.mark.parametrize(("metric", "pick"), [("volatility", min), ("max_drawdown", max), ("best_month", max)])
def test_the_best_is_on_the_good_side(metric: str, pick) -> None:
    found = sweep(SmaCross, ONE, {"fast": "3:9:3", "slow": "20:40:10"}, metric=metric)
    assert found.best_score == pick(found.trials.column(metric))
    assert found.result is not None
    assert found.result.summary[metric] == found.best_score


def test_a_graph_has_its_parameters_built_in() -> None:
    with pytest.raises(InvalidInput, match="built into it"):
        sweep(SmaCross().definition(), ONE)  # type: ignore[arg-type]


def test_an_instance_keeps_what_is_not_varied() -> None:
    found = sweep(SmaCross(fast=4, slow=44), ONE, {"slow": "30,50"})
    assert found.plan.subject.definition(found.best_params).params["fast"] == 4


def test_the_table_has_a_row_for_each_trial() -> None:
    found = sweep(SmaCross, ONE, {"fast": "3,6", "every": ["change", "bar"]})
    frame = found.trials.frame("sharpe")
    assert frame.columns == ["fast", "every", "score", *MAIN]
    assert frame["fast"].to_list() == [3, 3, 6, 6]
    assert frame["every"].to_list() == ["change", "bar"] * 2
    assert frame["score"].equals(frame["sharpe"].rename("score"))
    assert frame.schema["score"] == pl.Float64


class TestHeat:
    found = sweep(SmaCross, ONE, {"fast": "3:12:3", "slow": "12:40:7", "every": ["change", "bar"]}, metric="cagr")

    def test_a_cell_is_the_mean_of_its_trials(self) -> None:
        heat = self.found.heat_map()
        assert heat is not None
        frame = self.found.trials.frame("cagr")
        assert (heat.x, heat.y) == ("fast", "slow")
        for row, slow in enumerate(heat.y_values):
            for column, fast in enumerate(heat.x_values):
                there = frame.filter((pl.col("fast") == fast) & (pl.col("slow") == slow))["score"]
                expected = there.mean() if len(there) else np.nan
                assert heat.scores[row, column] == pytest.approx(expected, nan_ok=True)

    def test_flatness_is_the_neighbours_over_the_best(self) -> None:
        best = self.found.best_params
        frame = self.found.trials.frame("cagr")
        near = frame.filter(
            (pl.col("fast") - best["fast"]).abs().le(3)
            & (pl.col("slow") - best["slow"]).abs().le(7)
            & (pl.col("every") == best["every"])
            & ((pl.col("fast") != best["fast"]) | (pl.col("slow") != best["slow"]))
        )["score"]
        assert self.found.flatness == pytest.approx(near.mean() / self.found.best_score)

    def test_many_values_share_cells(self) -> None:
        found = sweep(SmaCross, ONE, {"fast": "3:9:6", "slow": "12:100:1"})
        heat = found.heat_map()
        assert heat is not None
        assert heat.scores.shape == (40, 2)
        assert heat.y_values[0] == 12
        assert np.isfinite(heat.scores).all()
