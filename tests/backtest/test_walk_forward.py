"""Walk-forward: nothing is known before it happened, and one account lives through all of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.backtest.strategies import Averaged
from tests.factors.markets import bars, panel_of

from midas.backtest.run import run
from midas.backtest.setting import Setting
from midas.backtest.subject import subject_of
from midas.backtest.sweep import base_spec, sweep
from midas.backtest.sweep_plan import plan_sweep
from midas.backtest.walk_forward import walk_forward
from midas.core.errors import InvalidInput
from midas.strategies.library.sma_cross import SmaCross

RAW = bars(500, 3, seed=8)
PANEL = panel_of(RAW)
GRID = {"fast": "3,5,8", "slow": "15,30"}


def walked(strategy=SmaCross, grid=GRID, panel=PANEL, mode="anchored", folds=4, metric="total_return", **options):
    plan = plan_sweep(subject_of(strategy), grid, metric=metric)
    base = base_spec(plan, panel, **options)
    return walk_forward(plan, base, Setting.of(panel, base.terms(panel.currency)), mode, folds)


def day(panel, row):
    return panel.sessions[row].item()


class TestChoices:
    @pytest.mark.parametrize("mode", ["anchored", "rolling"])
    def test_each_is_the_best_of_a_sweep_over_its_training_alone(self, mode):
        found = walked(mode=mode)
        assert len(found.legs) == 4
        for leg in found.legs:
            alone = sweep(SmaCross, PANEL, GRID, metric="total_return", start=leg.train_first, end=leg.train_last)
            assert (leg.params, leg.train_score) == (alone.best_params, alone.best_score)
            assert leg.tried == len(alone.trials)
            assert leg.train_last < leg.first <= leg.last
        assert [leg.train_first == found.legs[0].train_first for leg in found.legs] == [
            mode == "anchored" or number == 0 for number in range(4)
        ]

    def test_nothing_after_a_day_changes_anything_up_to_it(self):
        whole = walked()
        for leg in whole.legs[:-1]:
            row = int(np.searchsorted(PANEL.sessions, np.datetime64(leg.last)))
            spoiled = {name: values.copy() for name, values in RAW.items()}
            for name in ("open", "high", "low", "close"):
                spoiled[name][row + 1 :] *= np.linspace(3, 9, len(PANEL.sessions) - row - 1)[:, None]
            other = walked(panel=panel_of(spoiled))
            number = whole.legs.index(leg)
            assert other.legs[: number + 1] == whole.legs[: number + 1]
            known = len(whole.sessions) - (len(PANEL.sessions) - row - 1)
            assert np.array_equal(other.equity[:known], whole.equity[:known])


class TestAccount:
    @pytest.mark.parametrize("every", ["change", "bar", "month_end"])
    def test_one_candidate_is_the_ordinary_run_from_the_first_choice_on(self, every):
        # of a strategy without a state of its own: one that has some is in the middle of it at the first choice
        found = walked(Averaged, {"window": "20", "every": [every]})
        start = found.legs[0].train_last
        alone = run(Averaged(window=20, every=every), PANEL, start=start)
        assert np.array_equal(found.sessions, alone.sessions)
        assert np.array_equal(found.equity, alone.equity)
        assert found.summary == alone.summary

    def test_costs_are_paid_once_for_each_trade_and_positions_go_over(self):
        cheap, dear = walked(), walked(slippage_bps=50.0)
        assert dear.equity[-1] < cheap.equity[-1]
        assert cheap.equity[0] == dear.equity[0] == 100_000.0

    def test_legs_multiply_to_the_whole(self):
        found = walked()
        grown = np.prod([1.0 + leg.total_return for leg in found.legs])
        assert grown == pytest.approx(1.0 + found.summary["total_return"])

    def test_a_cross_section_too(self):
        found = walked(Averaged, {"window": "3,5,8"}, metric="sharpe")
        assert all(leg.params for leg in found.legs)
        assert found.summary["trades"] > 10

    def test_a_training_that_cannot_choose_decides_nothing(self):
        # the slow average needs 120 sessions and the first of four trainings has 100
        found = walked(grid={"fast": "5", "slow": "120"})
        assert found.legs[0].params == {}
        assert found.legs[0].total_return == 0.0
        assert found.legs[1].params == {"fast": 5, "slow": 120}


class TestEfficiency:
    def test_by_hand(self):
        found = walked()
        mean = np.mean([leg.train_score for leg in found.legs])
        assert mean > 0
        known = replace(found, summary={**found.summary, "total_return": 0.05})
        assert known.efficiency == pytest.approx(0.05 / mean)

    @pytest.mark.parametrize("value", [None, 0.0, -0.1])
    def test_there_is_none_of_a_loss(self, value):
        found = walked()
        assert replace(found, summary={**found.summary, "total_return": value}).efficiency is None


class TestRefusals:
    @pytest.mark.parametrize("folds", [0, -1, 101, 499])
    def test_numbers_of_folds(self, folds):
        with pytest.raises(InvalidInput):
            walked(folds=folds)

    def test_choices_that_disagree_on_when_to_speak(self, monkeypatch):
        from midas.backtest import walk_forward as module

        plan = plan_sweep(subject_of(SmaCross), {"fast": "5", "slow": "20", "every": ["change", "bar"]})
        made = [plan.subject.definition({"fast": 5, "slow": 20, "every": every}) for every in ("change", "bar")]
        choices = iter([*made, *made])
        real = module._choose
        monkeypatch.setattr(module, "_choose", lambda *args: replace(real(*args), definition=next(choices)))
        base = base_spec(plan, PANEL)
        with pytest.raises(InvalidInput) as refusal:
            walk_forward(plan, base, Setting.of(PANEL, base.terms("USD")), "rolling", 4)
        assert refusal.value.code == "bad_every"

    def test_no_training_that_can_choose(self):
        with pytest.raises(InvalidInput, match="No training"):
            walked(grid={"fast": "5", "slow": "450"}, folds=2)


def test_every_value_is_json():
    json.dumps(walked().to_json(), allow_nan=False)
