from __future__ import annotations

import numpy as np
import pytest
from tests.backtest.strategies import Averaged
from tests.factors.markets import bars, panel_of

from midas.backtest.cross_validation import cross_validate
from midas.backtest.folds import Gap
from midas.backtest.purged import cross_validated
from midas.backtest.run import run
from midas.backtest.spec import spec_of
from midas.core.errors import InvalidInput
from midas.portfolio.measures.sample import simple_returns

PANEL = panel_of(bars(600, 3, seed=9))
CHOICES = [Averaged(window=window).definition() for window in (5, 10, 20)]
BASE = spec_of(CHOICES[0], PANEL)


@pytest.mark.parametrize(("groups", "tested"), [(5, 1), (6, 2)])
def test_it_is_the_ordinary_runs_cross_validated_with_the_gap_they_have(groups, tested):
    alone = [run(each, PANEL) for each in CHOICES]
    returns = [simple_returns(each.equity) for each in alone]
    shortest = min(map(len, returns))
    assert shortest == 600 - 20, "the average of 20 sessions has its first value on the twentieth"
    trades = [each.trades().drop_nulls("exit_ts") for each in alone]
    days = np.concatenate([(t["exit_ts"] - t["entry_ts"]).dt.total_days().to_numpy() for t in trades])
    gap = Gap(holding=int(np.ceil(days.mean())), warm_up=19, embargo=6)
    shared = np.column_stack([each[-shortest:] for each in returns])
    year = float(alone[0].settings["periods_per_year"])
    wanted = cross_validate(shared, groups, tested, periods_per_year=year, gap=gap)
    found = cross_validated(CHOICES, BASE, PANEL, groups, tested)
    assert found.chosen.tolist() == wanted.chosen.tolist()
    assert found.train_sharpe == pytest.approx(wanted.train_sharpe, rel=1e-5)
    assert found.test_sharpe == pytest.approx(wanted.test_sharpe, rel=1e-5)
    assert found.path_sharpes == pytest.approx(wanted.path_sharpes, rel=1e-5)
    assert found.pbo == wanted.pbo


def test_what_leaves_no_session_is_left_out():
    long = Averaged(window=200).definition()
    few = panel_of(bars(150, 3, seed=9))
    found = cross_validated([*CHOICES, long], spec_of(CHOICES[0], few), few, 3)
    assert set(found.chosen.tolist()) <= {0, 1, 2}


def test_one_strategy_is_no_choice():
    with pytest.raises(InvalidInput, match="nothing to choose"):
        cross_validated(CHOICES[:1], BASE, PANEL, 5)


def test_a_gap_that_leaves_nothing_is_said():
    slow = [Averaged(window=window).definition() for window in (150, 200)]
    with pytest.raises(InvalidInput, match="Nothing is left"):
        cross_validated(slow, spec_of(slow[0], PANEL), PANEL, 2)
