from __future__ import annotations

import numpy as np

from midas.backtest.luck import luck_of
from midas.cli.printer import Printer
from midas.cli.walk_forward_sheet import show_walk_forward
from midas.wire.walk_forward import WalkForward

LEG = {
    "train_first": "2020-01-02", "train_last": "2020-12-30", "first": "2020-12-31", "last": "2021-12-30",
    "params": {"fast": 5, "slow": 40}, "train_score": 1.234, "total_return": -0.0567, "tried": 30,
}  # fmt: skip


def found(**changed) -> WalkForward:
    luck = luck_of(np.random.default_rng(1).normal(0, 0.01, 200), 1, periods_per_year=252.0).to_json()
    fields = {
        "mode": "rolling", "metric": "sharpe", "legs": [LEG], "efficiency": 0.5, "summary": {"total_return": -0.0567},
        "sessions": ["2020-12-30", "2021-12-30"], "equity": [100.0, 94.33], "luck": luck,
    }  # fmt: skip
    return WalkForward.model_validate(fields | changed)


def test_every_choice_has_a_line_and_says_what_became_of_it(capsys):
    show_walk_forward(Printer(), found(legs=[LEG, LEG | {"params": {}, "train_score": None}]))
    out = capsys.readouterr().out
    assert "walk-forward, rolling, 2 folds" in out
    assert "2020-12-31 to 2021-12-30" in out
    assert "fast=5 slow=40" in out
    assert "1.23" in out
    assert "-5.67 %" in out
    assert "nothing" in out
    assert "0.50, the sharpe after the choice over that before it" in out


def test_what_is_not_defined_is_not_told(capsys):
    show_walk_forward(Printer(), found(efficiency=None))
    out = capsys.readouterr().out
    assert "efficiency" not in out
    assert "None" not in out
