"""Walking forward beside a sweep: stored with it, weighed as one try."""

from __future__ import annotations

import numpy as np
import pytest
from tests.app.loop import now, own_loop
from tests.factors.markets import bars

from midas.app import datasets, sweeps
from midas.app.datasets import FileImport
from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.backtest.luck import luck_of
from midas.core.errors import InvalidInput
from midas.portfolio.measures.sample import simple_returns
from midas.wire.strategies import StrategyRef
from midas.wire.sweeps import SweepRequest

LONG_S = 60.0


def asked(**changes) -> SweepRequest:
    fields = {
        "strategy": StrategyRef(name="sma_cross"), "grid": {"fast": "3:9:3", "slow": [10, 20]}, "symbols": ["AAA"],
        "metric": "total_return", "walk_forward": "anchored", "folds": 3,
    }  # fmt: skip
    return SweepRequest.model_validate(fields | changes)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    raw = bars(400, 1, seed=5)
    days = np.busday_offset("2022-01-03", np.arange(400), roll="forward")
    lines = ["symbol,date,open,high,low,close,volume"]
    for row, day in enumerate(days):
        prices = ",".join(f"{raw[name][row, 0]:.4f}" for name in ("open", "high", "low", "close"))
        lines.append(f"AAA,{day},{prices},1000000")

    async def chunks():
        yield "\n".join(lines).encode()

    with own_loop(), Workspace.open(Settings(home=tmp_path_factory.mktemp("walking") / "home")) as opened:
        how = FileImport("prices.csv", "XNAS", "1d", {}, None, skip_bad=True, name="small")
        job = now(datasets.import_file(opened, chunks(), how, LONG_S))
        assert job.state == "done", job.error
        yield opened
        now(opened.end())


@pytest.fixture(autouse=True)
def _loop():
    """The workspace has its own."""


def run(workspace, **changes):
    async def both():
        job = await sweeps.run(workspace, asked(**changes), LONG_S)
        assert job.state == "done", job.error
        return job, await sweeps.show(workspace, job.result_id)

    return now(both())


def test_it_is_stored_with_its_sweep_and_found_again(workspace):
    job, made = run(workspace)
    again, found = run(workspace)
    assert (job.result, again.result) == ({"cached": False}, {"cached": True})
    assert found.walk_forward == made.walk_forward
    assert [leg.tried for leg in found.walk_forward.legs] == [6, 6, 6]
    assert len(found.walk_forward.sessions) == len(found.walk_forward.equity)
    grown = found.walk_forward.equity[-1] / found.walk_forward.equity[0] - 1.0
    assert found.walk_forward.summary["total_return"] == pytest.approx(grown)
    assert now(sweeps.page(workspace, 10, None)).items[0].walk_forward is None


def test_it_is_one_try_however_many_its_trainings_made(workspace):
    _, first = run(workspace, folds=4)
    before = first.walk_forward.luck.trials
    _, second = run(workspace, folds=4, walk_forward="rolling")
    luck = second.walk_forward.luck
    assert luck.trials == before + 1
    assert f"Of {luck.trials} walk-forwards tried" in luck.sentence or "not above 0" in luck.sentence
    assert second.luck.trials == 6
    told = luck_of(
        simple_returns(np.array(second.walk_forward.equity)),
        luck.trials,
        periods_per_year=second.settings["periods_per_year"],
    )
    assert luck.deflated_sharpe == pytest.approx(told.deflated_sharpe, rel=1e-3)


def test_without_it_a_sweep_is_another_question(workspace):
    _, walked = run(workspace)
    _, plain = run(workspace, walk_forward=None)
    _, five = run(workspace, walk_forward=None, folds=5)
    assert plain.walk_forward is None
    assert plain.identity == five.identity != walked.identity
    assert plain.best == walked.best


def test_where_no_training_can_choose_the_sweep_stands(workspace):
    _, made = run(workspace, grid={"fast": [5], "slow": [250]}, folds=1)
    assert made.walk_forward is None
    assert made.best is not None
    assert any("no walk-forward: No training" in warning for warning in made.warnings)


def test_more_folds_than_the_sessions_allow_are_refused_before_anything_runs(workspace):
    with pytest.raises(InvalidInput) as refusal:
        now(sweeps.run(workspace, asked(folds=100, start="2023-05-01"), LONG_S))
    assert refusal.value.code == "too_short"
