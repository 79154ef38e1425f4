"""Sweeps and evaluations as they are stored: found again, counted, kept when they are stopped."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest
from tests.app.loop import now, own_loop
from tests.factors.markets import bars

from midas.app import datasets, evaluating, evaluations, jobs, sweeping, sweeps, trials
from midas.app.datasets import FileImport
from midas.app.running_job import Stopped
from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput, NotFound
from midas.wire.evaluations import EvaluationRequest
from midas.wire.strategies import StrategyRef
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
        monkeypatch.setattr("midas.backtest.sweep.BLOCK", 2)
        order = sweeping.order(workspace, asked(), now(sweeping.subject(workspace, asked())))
        seen: list[float] = []

        def stop(fraction: float, message: str) -> None:
            seen.append(fraction)
            if len(seen) == 2:
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
        monkeypatch.setattr("midas.backtest.sweep.BLOCK", 1)
        running = workspace.jobs

        def perform(root, order, report):
            def tell(fraction, message):
                running._own[job].stop.set()
                report(fraction, message)

            job = next(iter(running._own))
            return sweeping_perform(root, order, tell)

        sweeping_perform = sweeping.perform
        monkeypatch.setattr(sweeping, "perform", perform)
        job = now(sweeps.run(workspace, asked(), LONG_S))
        assert job.state == "cancelled"
        assert now(sweeps.show(workspace, job.result_id)).trials == 1

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
    def test_scores_over_other_dates_are_told(self, workspace):
        def told(**changes):
            fields = {"symbols": ["AAA"], "strategies": ["buy_and_hold", "sma_cross"], "metric": "total_return"}
            job = now(evaluations.run(workspace, EvaluationRequest.model_validate(fields | changes), LONG_S))
            found = now(evaluations.show(workspace, job.result_id)).warnings
            return [warning for warning in found if "other dates" in warning]

        (warning,) = told()
        assert warning.startswith("1 of 2 strategies begin only after the history they need, up to 60 sessions")
        assert told(start="2023-09-01") == []
        assert told(strategies=["sma_cross"]) == []

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
        order = sweeping.order(workspace, asked(), now(sweeping.subject(workspace, asked())))
        assert now(trials.counts(workspace, [order.hypothesis])) == {order.hypothesis: 2}

    def test_a_part_is_kept(self, workspace, monkeypatch):
        monkeypatch.setattr("midas.backtest.evaluation.BLOCK", 1)
        order = evaluating.order(workspace, self.request)

        def stop(fraction: float, message: str) -> None:
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
