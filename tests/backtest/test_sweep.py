"""A sweep: every trial is the ordinary run of its parameters, and the best is the best."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.factors.markets import bars, panel_of

from midas.backtest.hypothesis import configuration_of
from midas.backtest.run import run
from midas.backtest.subject import subject_of
from midas.backtest.sweep import base_spec, sweep, sweep_spec
from midas.backtest.sweep_plan import plan_sweep
from midas.backtest.trials import MAIN
from midas.core.errors import InvalidInput
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency, Rates
from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.momentum import Momentum
from midas.strategies.library.rsi_reversion import RsiReversion
from midas.strategies.library.sma_cross import SmaCross
from midas.strategies.param import param
from midas.strategies.strategy import Strategy

ONE = panel_of(bars(400, 1, seed=3))
FEW = panel_of(bars(300, 5, seed=4, gaps=0.02))

WON = AccountCurrency("KRW", 10.0)
RATES = Rates("USD", "KRW", ONE.sessions, 1_200.0 + np.arange(ONE.rows), "USDKRW (made)", "v1")


class Falling(Strategy):
    """Short what lies below its average."""

    rows: int = param(5, 2, 50)

    def targets(self, m: Market) -> Node:
        return (m.close < m.close.mean(self.rows)).slot() * -0.6


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
    (SmaCross, ONE, {"fast": "3:20:4", "slow": "10:50:13"}, {"dealing": Dealing(fill_at="close")}),
    (SmaCross, FEW, {"fast": "3,8", "slow": "15,30"}, {"dealing": Dealing(settlement="venue", cash_rate=0.04)}),
    (SmaCross, ONE, {"fast": "3,8", "slow": "15,30"}, {"dealing": Dealing(slippage="half_spread=1tick,sqrt=0.3")}),
    (Falling, ONE, {"rows": "3:9:2"}, {"dealing": Dealing(allow_short=True, borrow_bps=900.0)}),
    (Momentum, FEW, {"lookback": "5,20", "top": "1:3"}, {"dealing": Dealing(carry=True, entry_limit=-0.002)}),
    (SmaCross, ONE, {"fast": "3:20:4", "slow": "10:50:13"}, {"account": WON, "rates": RATES, "initial_capital": 10**8}),
    (Momentum, FEW, {"lookback": "5,20", "top": "1:3"}, {"account": WON, "rates": RATES, "initial_capital": 10**8}),
]


@pytest.mark.parametrize(("strategy", "panel", "grid", "options"), CASES)
def test_every_trial_is_the_ordinary_run(strategy, panel, grid, options) -> None:
    found = sweep(strategy, panel, grid, metric="total_return", **options)
    assert len(found.trials) + found.skipped == np.prod([len(axis.values) for axis in found.trials.axes])
    for trial in range(len(found.trials)):
        alone = run(
            found.plan.subject.definition(found.trials.params(trial)), panel, **options | {"start": found.base.start}
        )
        for key, value in zip(found.trials.measures, found.trials.values[trial], strict=True):
            assert value == alone.summary[key] or (np.isnan(value) and alone.summary[key] is None), key
    assert found.best_score == max(found.trials.column("total_return"))


@pytest.mark.parametrize(("strategy", "panel", "grid", "options"), CASES)
def test_all_trials_begin_on_the_session_the_slowest_of_them_can(strategy, panel, grid, options) -> None:
    found = sweep(strategy, panel, grid, **options)
    made = [found.plan.subject.definition(found.trials.params(trial)) for trial in range(len(found.trials))]
    assert np.datetime64(found.base.start) == max(run(each, panel, **options).sessions[0] for each in made)
    assert found.result.sessions[0] == np.datetime64(found.base.start)
    again = sweep(strategy, panel, grid, **options | {"start": found.base.start})
    assert np.array_equal(again.trials.values, found.trials.values, equal_nan=True)


def test_nobody_takes_more_than_half_of_the_sessions_from_the_others() -> None:
    # 400 sessions and one of warm-up beyond `slow`: with 20 they are 380 or so, and 190 must be left
    found = sweep(SmaCross, ONE, {"fast": "5", "slow": "20,100,190,230,300"})
    assert [found.trials.params(trial)["slow"] for trial in range(len(found.trials))] == [20, 100, 190]
    assert (found.skipped, found.late) == (2, 2)
    assert "the others are compared from" in found.skipped_because
    slow = sweep(SmaCross, ONE, {"fast": "5", "slow": "230,300"})
    assert len(slow.trials) == 2
    assert sweep(SmaCross, ONE, {"fast": "5", "slow": "20,230"}, start=ONE.sessions[250].item()).late == 0


def test_it_can_be_stopped_while_it_looks_for_what_can_be_run() -> None:
    plan = plan_sweep(subject_of(YAML), {"rows": "2:50", "depth": "0:0.5:0.01"})
    seen: list[str] = []

    def stop(done: float, step: str) -> None:
        seen.append(step)
        if "256 of 2,499" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep_spec(plan, base_spec(plan, FEW), FEW, progress=stop)
    assert all("combinations looked at" in step for step in seen)


def test_what_is_tried_is_told_before_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("midas.backtest.search.BLOCK", 2)
    plan = plan_sweep(subject_of(SmaCross), {"fast": "3,50,6", "slow": "10,20"})
    base, happened = base_spec(plan, ONE), []
    found = sweep_spec(
        plan, base, ONE, keep=lambda block: happened.append(len(block)),
        tell=lambda definition, question, told: happened.append((definition.name, question.start, [*told])),
    )  # fmt: skip
    assert happened[1::2] == [2, 2]
    made = [plan.subject.definition(found.trials.params(trial)) for trial in range(4)]
    assert [one for _, _, some in happened[::2] for one in some] == [configuration_of(m, base.symbols) for m in made]
    assert {each[:2] for each in happened[::2]} == {("sma_cross", found.base.start)}


@pytest.mark.parametrize("wanted", [10, 40])
def test_tpe_goes_on_until_so_many_could_be_run(wanted: int) -> None:
    found = sweep(SmaCross, ONE, {"fast": "2:60:1", "slow": "3:60:1"}, sampler="tpe", trials=wanted)
    assert len(found.trials) == wanted
    few = sweep(SmaCross, ONE, {"fast": "5,50", "slow": "10,20,30"}, sampler="tpe", trials=5)
    assert (len(few.trials), few.skipped) == (3, 3)


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


def test_capital_from_abroad_needs_its_rates() -> None:
    with pytest.raises(InvalidInput, match="needs the rates"):
        sweep(SmaCross, ONE, {"fast": "3,5"}, account=WON)
