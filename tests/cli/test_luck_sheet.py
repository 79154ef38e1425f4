from __future__ import annotations

import numpy as np
import pytest

from midas.backtest.luck import luck_of
from midas.cli.luck_sheet import show_luck
from midas.cli.printer import Printer
from midas.wire.luck import Luck


def printed(capsys, returns, trials: int, **given) -> str:
    found = luck_of(returns, trials, periods_per_year=252.0, **given)
    show_luck(Printer(), Luck.model_validate(found.to_json()))
    return capsys.readouterr().out


@pytest.fixture
def returns() -> np.ndarray:
    return np.random.default_rng(1).normal(0.0008, 0.01, 600)


def test_the_sentence_comes_first_and_the_numbers_behind_it(capsys, returns):
    first, second = printed(capsys, returns, 1200).splitlines()
    assert first.startswith("Of 1,200 settings tried, the best would look this good by luck alone")
    assert "Sharpe between" in second
    assert "above the luck of 1,200 tries with" in second
    assert second.endswith("sessions are needed to believe it is above 0.")


def test_of_one_try_there_is_nothing_to_deflate(capsys, returns):
    text = printed(capsys, returns, 1)
    assert "This is the only setting tried" in text
    assert "tries" not in text.splitlines()[1]


def test_what_cannot_be_told_is_one_line(capsys, returns):
    assert printed(capsys, returns[:20], 3) == (
        "Whether this is skill or luck cannot be told: 20 sessions are too few, 90 are needed.\n"
    )


def test_overfitting_is_told_where_it_is_known(capsys, returns):
    every = returns[:, None] + np.random.default_rng(2).normal(0, 0.01, (600, 10))
    assert "of the past fell below the middle in" in printed(capsys, returns, 10, trial_returns=every)
