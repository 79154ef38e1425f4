"""What was tried stays counted, whichever way it was tried and whatever was deleted since."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial

import numpy as np
import pytest
from tests.app import work
from tests.app.loop import now, own_loop

from midas.app import backtests, datasets, strategies, tearsheets, trials
from midas.app.datasets import FileImport
from midas.app.job_runner import JobRunner
from midas.app.seats import InlineSeat, ProcessSeat
from midas.app.settings import Settings
from midas.app.task import Task
from midas.app.workspace import Workspace
from midas.backtest.luck import luck_of
from midas.core.errors import StrategyInvalid
from midas.portfolio.measures.sample import simple_returns
from midas.venues.catalogue import venue
from midas.wire.backtests import BacktestRequest
from midas.wire.strategies import StrategyCreate, StrategyRef

LONG_S = 60.0
RULE = "name: {name}\ntargets: (close > close.mean({n})).slot()\nevery: bar\n"


def prices() -> str:
    days = venue("XNAS", "USD").calendar.sessions(date(2022, 1, 3), date(2022, 12, 29))
    close = 100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0.001, 0.02, len(days))))
    lines = ["symbol,date,open,high,low,close,volume"]
    lines += [f"AAA,{day},{p:.2f},{p + 1:.2f},{p - 1:.2f},{p:.2f},1000000" for day, p in zip(days, close, strict=True)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    async def chunks():
        yield prices().encode()

    with own_loop(), Workspace.open(Settings(home=tmp_path_factory.mktemp("trials") / "home")) as workspace:
        how = FileImport("prices.csv", "XNAS", "1d", {}, None, skip_bad=False, name="small")
        assert now(datasets.import_file(workspace, chunks(), how, LONG_S)).state == "done"
        yield workspace
        now(workspace.end())


@pytest.fixture(autouse=True)
def _loop():
    """The workspace has its own."""


def run(workspace, ref, **fields):
    if isinstance(ref, str):
        ref = StrategyRef(yaml=ref) if "\n" in ref else StrategyRef(name=ref)

    async def both():
        job = await backtests.run(workspace, BacktestRequest(strategy=ref, universe="small", **fields), LONG_S)
        return job, (await backtests.show(workspace, job.result_id)) if job.result_id else None

    return now(both())


class TestCounting:
    def test_every_setting_counts_and_a_repetition_does_not(self, workspace):
        found = [run(workspace, RULE.format(name="first", n=n))[1].luck.trials for n in (5, 6, 7, 6, 5)]
        assert found == [1, 2, 3, 3, 3]
        _, fresh = run(workspace, RULE.format(name="first", n=5), fresh=True)
        assert fresh.luck.trials == 3
        _, renamed = run(workspace, RULE.format(name="renamed", n=8))
        assert renamed.luck.trials == 4

    def test_what_was_tried_since_counts_against_what_was_found_before(self, workspace):
        rule = "name: since\ntargets: (close > close.max({n}).shift(1)).slot()\n"
        _, before = run(workspace, rule.format(n=5))
        run(workspace, rule.format(n=6))
        after = now(backtests.show(workspace, before.id))
        assert (before.luck.trials, after.luck.trials) == (1, 2)
        assert after.luck.deflated_sharpe < before.luck.deflated_sharpe
        listed = {each.id: each for each in now(backtests.page(workspace, None, 100, None)).items}
        assert listed[before.id] == after

    def test_deleting_what_was_tried_does_not_untry_it(self, workspace):
        rule = "name: deleted\ntargets: (close < close.min({n}).shift(1)).slot()\n"
        now(strategies.create(workspace, StrategyCreate(name="deleted", yaml=rule.format(n=9))))
        run(workspace, "deleted")
        made = [run(workspace, rule.format(n=n))[1] for n in (5, 6)]
        for each in now(backtests.page(workspace, "deleted", 10, None)).items:
            now(backtests.delete(workspace, each.id))
        now(strategies.delete(workspace, "deleted"))
        assert len(made) == 2
        _, again = run(workspace, rule.format(n=7))
        assert again.luck.trials == 4

    def test_a_run_that_fails_was_a_try(self, workspace, monkeypatch):
        rule = "name: failing\ntargets: (close.std({n}) > 1).slot()\n"
        from midas.app import running

        def fail(home, work, report):
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(running, "perform", fail)
            job, row = run(workspace, rule.format(n=5))
        assert (job.state, row) == ("failed", None)
        _, row = run(workspace, rule.format(n=6))
        assert row.luck.trials == 2

    def test_a_run_without_a_trade_was_one_too(self, workspace):
        rule = "name: never\ntargets: (close - {n} > close + 1e6).slot()\n"
        run(workspace, rule.format(n=5))
        _, row = run(workspace, rule.format(n=6))
        assert row.summary["trades"] == 0
        assert row.luck.trials == 2
        assert "do not vary" in row.luck.sentence

    def test_a_question_that_is_refused_tries_nothing(self, workspace):
        with pytest.raises(StrategyInvalid):
            run(workspace, "sma_cross", params={"fats": 3})
        _, row = run(workspace, "sma_cross", params={"fast": 3, "slow": 9})
        assert row.luck.trials == 1

    def test_a_sweep_counts_all_at_once(self, workspace):
        assert now(trials.count(workspace, "idea", [f"c{n}" for n in range(1000)])) == 1000
        assert now(trials.count(workspace, "idea", ["c1", "d1"])) == 1001
        assert now(trials.count(workspace, "idea")) == 1001
        assert now(trials.counts(workspace, [])) == {}

    @pytest.mark.parametrize("runner", ["inline", "processes"])
    def test_what_is_being_tried_is_counted_before_and_whatever_becomes_of_it(self, workspace, runner, tmp_path):
        seat = InlineSeat() if runner == "inline" else ProcessSeat()
        jobs = JobRunner(workspace.database, workspace.clock, workspace.home, [seat])
        idea = f"idea of {runner}"

        begun = tmp_path / "begun"

        async def count(tried):
            await asyncio.sleep(0.2)
            assert not begun.exists()
            await trials.count_all(workspace, {idea: tried["idea"]})

        async def settled(outcome):
            raise AssertionError

        async def both():
            what = work.try_and_die if runner == "processes" else work.try_and_fail
            record = await jobs.submit(Task("test", partial(what, begun), settled, count=count))
            record = await jobs.wait(record.id, LONG_S)
            await jobs.close()
            return record

        assert now(both()).state == "failed"
        assert begun.exists()
        assert now(trials.counts(workspace, [idea])) == {idea: 2}

    def test_tries_at_the_same_time_are_all_counted(self, workspace):
        async def together():
            return await asyncio.gather(*(trials.count(workspace, "race", [f"c{n}"]) for n in range(20)))

        assert max(now(together())) == 20


class TestLuck:
    def test_it_is_that_of_the_stored_equity(self, workspace):
        _, row = run(workspace, RULE.format(name="first", n=30))
        equity = now(backtests.series(workspace, row, "equity"))["equity"].to_numpy()
        year = row.settings["periods_per_year"]
        told = luck_of(simple_returns(equity), row.luck.trials, periods_per_year=year)
        assert row.luck.model_dump() == pytest.approx(told.to_json())
        assert row.luck.sharpe == pytest.approx(row.summary["sharpe"])
        assert row.luck.psr == pytest.approx(row.summary["probabilistic_sharpe"])

    def test_the_tear_sheet_says_it(self, workspace):
        _, row = run(workspace, RULE.format(name="first", n=31))
        page = now(tearsheets.render(workspace, row))
        assert row.luck.sentence in page
        assert "Settings tried" in page
