"""Sweeps and evaluations as they are stored: found again, counted, kept when they are stopped."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest
from tests.app.loop import now, own_loop
from tests.factors.markets import bars

from midas.app import backtests, datasets, evaluating, evaluations, jobs, strategies, sweeping, sweeps, trials
from midas.app.datasets import FileImport
from midas.app.running_job import Stopped
from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.backtest.hypothesis import hypothesis_of
from midas.core.errors import InvalidInput, NotFound
from midas.strategies.registry import build
from midas.wire.backtests import BacktestRequest
from midas.wire.evaluations import EvaluationRequest
from midas.wire.strategies import StrategyCheckRequest, StrategyRef
from midas.wire.sweeps import SweepRequest

LONG_S = 60.0
GRID = {"fast": "3:9:3", "slow": [10, 20]}


def asked(**changes) -> SweepRequest:
    fields = {"strategy": StrategyRef(name="sma_cross"), "grid": GRID, "symbols": ["AAA"], "metric": "total_return"}
    return SweepRequest.model_validate(fields | changes)


async def chunks(text: str):
    yield text.encode()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    home = tmp_path_factory.mktemp("loaded") / "home"
    raw = bars(300, 2, seed=5)
    days = np.busday_offset("2023-01-02", np.arange(300), roll="forward")
    lines = ["symbol,date,open,high,low,close,volume"]
    for column, symbol in enumerate(("AAA", "BBB")):
        for row, day in enumerate(days):
            prices = ",".join(f"{raw[name][row, column]:.4f}" for name in ("open", "high", "low", "close"))
            lines.append(f"{symbol},{day},{prices},1000000")
    with own_loop(), Workspace.open(Settings(home=home)) as workspace:
        how = FileImport("prices.csv", "XNAS", "1d", {}, None, skip_bad=True, name="small")
        job = now(datasets.import_file(workspace, chunks("\n".join(lines)), how, LONG_S))
        assert job.state == "done", job.error
        now(workspace.end())
    return home


@pytest.fixture
def workspace(loaded, home, opener):
    shutil.copytree(loaded, home)
    return opener()


def with_hours(workspace: Workspace) -> None:
    """Hourly bars of AAA beside the daily ones."""
    raw = bars(700, 1, seed=6)
    days = np.repeat(np.busday_offset("2023-01-02", np.arange(100), roll="forward"), 7).astype("datetime64[s]")
    stamps = days + np.tile(15 + np.arange(7), 100) * np.timedelta64(3600, "s")
    lines = ["symbol,date,open,high,low,close,volume"]
    for row, stamp in enumerate(stamps):
        prices = ",".join(f"{raw[name][row, 0]:.4f}" for name in ("open", "high", "low", "close"))
        lines.append(f"AAA,{stamp}Z,{prices},1000000")
    how = FileImport("hours.csv", "XNAS", "1h", {}, None, skip_bad=True, name="hours")
    job = now(datasets.import_file(workspace, chunks("\n".join(lines)), how, LONG_S))
    assert job.state == "done", job.error


class TestTimeframe:
    def test_the_bars_asked_for_are_swept_and_evaluated(self, workspace):
        with_hours(workspace)
        for timeframe, dataset in ((None, "small"), ("1d", "small"), ("1h", "hours")):
            job = now(sweeps.run(workspace, asked(timeframe=timeframe), LONG_S))
            assert job.state == "done", job.error
            assert now(sweeps.show(workspace, job.result_id)).settings["dataset"] == dataset
            question = EvaluationRequest(strategies=["sma_cross"], symbols=["AAA"], timeframe=timeframe)
            job = now(evaluations.run(workspace, question, LONG_S))
            assert job.state == "done", job.error
            assert now(evaluations.show(workspace, job.result_id)).settings["dataset"] == dataset

    def test_a_strategy_is_tried_for_bias_on_them(self, workspace):
        with_hours(workspace)
        question = {"strategy": StrategyRef(name="sma_cross"), "params": {"fast": 3, "slow": 9}, "symbols": ["AAA"]}
        for timeframe in (None, "1h"):
            request = StrategyCheckRequest.model_validate(question | {"timeframe": timeframe})
            found = now(strategies.check(workspace, request))
            assert found.ok
            assert [each.check for each in found.bias.findings if each.verdict == "leak"] == []
        with pytest.raises(NotFound):
            now(strategies.check(workspace, StrategyCheckRequest.model_validate(question | {"timeframe": "5m"})))

    @pytest.mark.parametrize("timeframe", ["1m", "soon"])
    def test_bars_that_are_not_there_are_refused(self, workspace, timeframe):
        with pytest.raises((NotFound, InvalidInput)):
            now(sweeps.run(workspace, asked(timeframe=timeframe), LONG_S))
        with pytest.raises((NotFound, InvalidInput)):
            now(evaluations.run(workspace, EvaluationRequest(symbols=["AAA"], timeframe=timeframe), LONG_S))


DEALT = (
    {"dealing": {"fill_at": "close", "slippage": "half_spread=1tick"}},
    {"dealing": {"settlement": "venue", "cash_rate": 0.04}, "slippage_bps": 3.0},
    {"account_currency": "KRW", "conversion_bps": 20.0, "initial_capital": "150000000"},
)
"""What questions about the past say beside their strategy."""


def with_rates(workspace: Workspace) -> None:
    days = np.busday_offset("2023-01-02", np.arange(300), roll="forward")
    lines = ["symbol,date,close", *(f"USDKRW,{day},{1_200 + row}" for row, day in enumerate(days))]
    how = FileImport("rates.csv", "XFXM", "1d", {}, None, skip_bad=True, name="rates", currency="KRW")
    job = now(datasets.import_file(workspace, chunks("\n".join(lines)), how, LONG_S))
    assert job.state == "done", job.error


class TestOptions:
    """A point of a sweep or an evaluation is the backtest that is asked with the same options, to the cent."""

    def ran(self, workspace, options, shown):
        found = BacktestRequest.model_validate(
            {
                "strategy": StrategyRef(name="sma_cross"),
                "params": {"fast": 3, "slow": 10},
                "symbols": ["AAA"],
                "start": shown.start,
                **options,
            }
        )
        job = now(backtests.run(workspace, found, LONG_S))
        assert job.state == "done", job.error
        return now(backtests.show(workspace, job.result_id))

    @pytest.mark.parametrize("options", DEALT)
    def test_of_a_sweep(self, workspace, options):
        with_rates(workspace)
        job = now(sweeps.run(workspace, asked(grid={"fast": "3", "slow": [10]}, **options), LONG_S))
        assert job.state == "done", job.error
        shown = now(sweeps.show(workspace, job.result_id))
        alone = self.ran(workspace, options, shown)
        assert shown.summary == alone.summary
        plain = now(sweeps.run(workspace, asked(grid={"fast": "3", "slow": [10]}), LONG_S))
        assert now(sweeps.show(workspace, plain.result_id)).summary != shown.summary

    @pytest.mark.parametrize("options", DEALT)
    def test_of_an_evaluation(self, workspace, options):
        with_rates(workspace)
        fields = {"strategies": ["buy_and_hold"], "symbols": ["AAA"], "metric": "total_return"}
        job = now(evaluations.run(workspace, EvaluationRequest.model_validate(fields | options), LONG_S))
        assert job.state == "done", job.error
        shown = now(evaluations.show(workspace, job.result_id))
        question = {"strategy": StrategyRef(name="buy_and_hold"), "symbols": ["AAA"], "start": shown.start, **options}
        job = now(backtests.run(workspace, BacktestRequest.model_validate(question), LONG_S))
        alone = now(backtests.show(workspace, job.result_id))
        assert shown.results["AAA"].best_score == pytest.approx(alone.summary["total_return"], rel=1e-12)
        again = now(evaluations.rerun(workspace, shown.id, LONG_S))
        assert now(evaluations.show(workspace, again.result_id)).results == shown.results

    def test_a_walk_forward_of_hours(self, workspace):
        with_hours(workspace)
        question = asked(timeframe="1h", walk_forward="rolling", folds=2, dealing={"cash_rate": 0.04})
        job = now(sweeps.run(workspace, question, LONG_S))
        assert job.state == "done", job.error
        shown = now(sweeps.show(workspace, job.result_id))
        assert [len(leg.params) for leg in shown.walk_forward.legs] == [2, 2]
        assert not any("walk-forward" in warning for warning in shown.warnings)


class TestSweeps:
    def test_it_is_stored_and_found_again(self, workspace):
        job = now(sweeps.run(workspace, asked(), LONG_S))
        assert job.state == "done", job.error
        shown = now(sweeps.show(workspace, job.result_id[:6]))
        assert (shown.status, shown.trials, shown.skipped) == ("done", 6, 0)
        table = now(sweeps.table(workspace, shown.id))
        assert table.height == 6
        best = table.sort("score", descending=True).row(0, named=True)
        assert shown.best.score == best["score"] == shown.summary["total_return"]
        assert shown.best.params == {"fast": best["fast"], "slow": best["slow"]}
        assert shown.heat.x == "fast"
        again = now(sweeps.run(workspace, asked(), LONG_S))
        assert (again.result_id, again.result) == (shown.id, {"cached": True})
        assert now(sweeps.run(workspace, asked(seed=1), LONG_S)).result == {"cached": True}, "a grid has no seed"
        assert now(sweeps.run(workspace, asked(metric="sharpe"), LONG_S)).result == {"cached": False}
        assert [each.heat for each in now(sweeps.page(workspace, 10, None)).items] == [None, None]

    def test_every_trial_counts_once_and_for_ever(self, workspace):
        first = now(sweeps.run(workspace, asked(), LONG_S))
        assert now(sweeps.show(workspace, first.result_id)).luck.trials == 6
        now(sweeps.delete(workspace, first.result_id))
        with pytest.raises(NotFound):
            now(sweeps.show(workspace, first.result_id))
        again = now(sweeps.run(workspace, asked(grid={"fast": "3:9:1", "slow": [10]}), LONG_S))
        assert now(sweeps.show(workspace, again.result_id)).luck.trials == 6 + 4

    def test_what_it_had_finished_when_it_was_stopped_is_kept(self, workspace, monkeypatch):
        monkeypatch.setattr("midas.backtest.search.BLOCK", 2)
        order = sweeping.order(workspace, asked(), now(sweeping.subject(workspace, asked())))

        def stop(fraction: float, message: str, tried=None) -> None:
            if message.startswith("4 of 6 trials"):
                raise Stopped

        with pytest.raises(Stopped):
            sweeping.perform(workspace.home.root, order, stop)
        kept = now(sweeps._keep(workspace, order))
        shown = now(sweeps.show(workspace, kept.result_id))
        assert (shown.status, shown.trials) == ("cancelled", 4)
        assert now(sweeps.table(workspace, shown.id)).height == 4
        assert now(sweeps.run(workspace, asked(), LONG_S)).result == {"cached": False}, "a part is no answer"
        assert now(sweeps.show(workspace, shown.id)).trials == 6

    def test_a_job_that_is_cancelled_names_what_it_kept(self, workspace, monkeypatch):
        monkeypatch.setattr("midas.backtest.search.BLOCK", 1)
        running = workspace.jobs

        def perform(root, order, report):
            def tell(fraction, message, tried=None):
                if message.startswith("1 of 6 trials"):
                    running._own[job].stop.set()
                report(fraction, message, tried)

            job = next(iter(running._own))
            return sweeping_perform(root, order, tell)

        sweeping_perform = sweeping.perform
        monkeypatch.setattr(sweeping, "perform", perform)
        job = now(sweeps.run(workspace, asked(), LONG_S))
        assert job.state == "cancelled"
        shown = now(sweeps.show(workspace, job.result_id))
        assert shown.trials == shown.luck.trials == 1
        assert np.datetime64(shown.start) == np.datetime64(shown.settings["first_session"])
        assert shown.heat.scores[0][0] is not None

    def test_all_trials_begin_together_and_it_is_told(self, workspace):
        def swept(**changes):
            return now(sweeps.show(workspace, now(sweeps.run(workspace, asked(**changes), LONG_S)).result_id))

        shown = swept()
        (told,) = [warning for warning in shown.warnings if "All trials are compared" in warning]
        assert f"from {shown.start} to {shown.end}" in told
        alone = swept(start=shown.start)
        assert (alone.best, alone.summary, alone.heat) == (shown.best, shown.summary, shown.heat)
        assert not [warning for warning in alone.warnings if "All trials are compared" in warning]
        late = swept(grid={"fast": "3", "slow": "10,20,190"})
        assert (late.trials, late.skipped) == (2, 1)
        assert any("1 combinations were left out" in warning for warning in late.warnings)

    def test_yaml_and_what_cannot_be_varied(self, workspace):
        text = "name: mine\nparams: {n: {default: 5, low: 2, high: 30}}\ntargets: (close > close.mean(n)).slot()\n"
        job = now(sweeps.run(workspace, asked(strategy=StrategyRef(yaml=text), grid={"n": "3:6"}), LONG_S))
        assert now(sweeps.show(workspace, job.result_id)).trials == 4
        graph = {"graph": {"format": 1}}
        with pytest.raises(InvalidInput, match="cannot be varied"):
            now(sweeps.run(workspace, asked(strategy=StrategyRef.model_validate(graph)), LONG_S))

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"metric": "sharp"}, "unknown_metric"),
            ({"grid": {"fast": "5:60:0"}}, "bad_grid"),
            ({"grid": {"fast": ["nan"]}}, "bad_parameter"),
            ({"grid": {"fats": "5"}}, "unknown_parameter"),
            ({"sampler": "random", "trials": 0}, "bad_trials"),
            ({"symbols": ["ZZZ"]}, "unknown_symbol"),
            ({"initial_capital": -5}, "bad_capital"),
        ],
    )
    def test_refusals_come_before_the_job(self, workspace, changes, code):
        with pytest.raises((InvalidInput, NotFound)) as refusal:
            now(sweeps.run(workspace, asked(**changes), LONG_S))
        assert refusal.value.code == code
        assert [job.kind for job in now(jobs.page(workspace, 10, None)).items] == ["import"]


class TestEvaluations:
    def test_all_strategies_begin_together_and_it_is_told(self, workspace):
        def evaluated(**changes):
            fields = {"symbols": ["AAA"], "strategies": ["buy_and_hold", "sma_cross"], "metric": "total_return"}
            job = now(evaluations.run(workspace, EvaluationRequest.model_validate(fields | changes), LONG_S))
            return now(evaluations.show(workspace, job.result_id))

        def told(found):
            return [warning for warning in found.warnings if "All strategies are compared" in warning]

        found, slow = evaluated(), evaluated(strategies=["sma_cross"])
        assert f"from {found.start} to {found.end}" in told(found)[0]
        assert found.start == slow.start
        assert found.results["AAA"].all["sma_cross"] == slow.results["AAA"].all["sma_cross"]
        fast = evaluated(strategies=["buy_and_hold"], start=found.start)
        assert found.results["AAA"].all["buy_and_hold"] == fast.results["AAA"].all["buy_and_hold"]
        assert told(fast) == []
        assert told(evaluated(start="2023-09-01")) == []

    request = EvaluationRequest(strategies=["buy_and_hold", "sma_cross"], symbols=["aaa", "BBB"])

    def test_the_best_of_each_is_stored_under_the_name_asked_for(self, workspace):
        job = now(evaluations.run(workspace, self.request, LONG_S))
        assert job.state == "done", job.error
        shown = now(evaluations.show(workspace, job.result_id))
        assert [*shown.results] == ["aaa", "BBB"]
        for scores in shown.results.values():
            assert scores.best_score == max(scores.all.values()) == scores.all[scores.best_strategy]
        table = now(evaluations.table(workspace, shown.id))
        assert table.height == 4
        assert table.filter(pl.col("symbol") == "BBB.XNAS")["score"].to_list() == [*shown.results["BBB"].all.values()]
        assert now(evaluations.run(workspace, self.request, LONG_S)).result == {"cached": True}
        assert now(evaluations.rerun(workspace, shown.id, LONG_S)).result == {"cached": False}
        now(evaluations.delete(workspace, shown.id))
        assert now(evaluations.page(workspace, 10, None)).items == []

    def test_pairs_count_as_tries(self, workspace):
        now(evaluations.run(workspace, self.request, LONG_S))
        idea = hypothesis_of(build("sma_cross"), "XNAS 1d")
        assert now(trials.counts(workspace, [idea])) == {idea: 2}

    def test_a_part_is_kept(self, workspace, monkeypatch):
        monkeypatch.setattr("midas.backtest.evaluation.BLOCK", 1)
        order = evaluating.order(workspace, self.request)

        def stop(fraction: float, message: str, tried=None) -> None:
            if "1 of 2 instruments" in message:
                raise Stopped

        with pytest.raises(Stopped):
            evaluating.perform(workspace.home.root, order, stop)
        kept = now(evaluations._keep(workspace, order))
        shown = now(evaluations.show(workspace, kept.result_id))
        assert (shown.status, [*shown.results]) == ("cancelled", ["aaa"])

    @pytest.mark.parametrize("changes", [{"metric": "sharp"}, {"strategies": ["sma_cros"]}, {"universe": "nowhere"}])
    def test_refusals(self, workspace, changes):
        with pytest.raises((InvalidInput, NotFound)):
            now(evaluations.run(workspace, EvaluationRequest(**({"symbols": ["AAA"]} | changes)), LONG_S))
