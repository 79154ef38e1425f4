from __future__ import annotations

import math

import numpy as np
import pytest

from midas.backtest.cross_validation import cross_validate
from midas.backtest.folds import Gap, combinatorial, paths
from midas.backtest.overfitting import probability_of_overfitting
from midas.core.errors import InvalidInput

YEAR = 252.0


def noise(sessions: int, trials: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0003, 0.01, (sessions, trials))


def ratio(values) -> float:
    values = list(values)
    mean = sum(values) / len(values)
    return mean / math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1)) * math.sqrt(YEAR)


@pytest.mark.parametrize(("groups", "tested", "gap"), [(5, 1, Gap()), (6, 2, Gap(3, 8, 2)), (4, 3, Gap(1))])
def test_fold_by_fold_in_plain_python(groups, tested, gap):
    returns = noise(300, 6, groups)
    found = cross_validate(returns, groups, tested, periods_per_year=YEAR, gap=gap)
    for number, fold in enumerate(combinatorial(300, groups, tested, gap)):
        trained = [ratio(returns[t, trial] for t in fold.train) for trial in range(6)]
        judged = [ratio(returns[t, trial] for t in fold.test) for trial in range(6)]
        best = trained.index(max(trained))
        assert found.chosen[number] == best
        assert found.train_sharpe[number] == pytest.approx(trained[best])
        assert found.test_sharpe[number] == pytest.approx(judged[best])
    parts = np.array_split(np.arange(300), groups)
    for number, path in enumerate(paths(groups, tested)):
        lived = [returns[t, found.chosen[fold]] for group, fold in enumerate(path) for t in parts[group]]
        assert found.path_sharpes[number] == pytest.approx(ratio(lived))


@pytest.mark.parametrize("blocks", [4, 6, 8])
def test_half_of_the_groups_without_a_gap_is_the_probability_of_overfitting(blocks):
    returns = noise(240, 9, blocks)
    found = cross_validate(returns, blocks, blocks // 2, periods_per_year=YEAR)
    assert found.pbo == probability_of_overfitting(returns, blocks)


def test_what_is_truly_better_is_chosen_and_stays_so():
    returns = noise(600, 20, 1)
    returns[:, 7] += 0.004
    found = cross_validate(returns, 6, 2, periods_per_year=YEAR)
    assert set(found.chosen.tolist()) == {7}
    assert found.pbo == 0.0
    assert found.path_sharpes == pytest.approx(np.full(5, ratio(returns[:, 7])))


def test_of_noise_what_was_chosen_disappoints():
    found = [cross_validate(noise(400, 50, seed), 6, 2, periods_per_year=YEAR) for seed in range(20)]
    trained, after = (
        np.mean([getattr(one, name).mean() for one in found]) for name in ("train_sharpe", "path_sharpes")
    )
    # all have the same true ratio, 0.48 a year; a mean of 20 histories of 400 days errs by about 0.8 / √20
    assert trained > 1.5
    assert abs(after - 0.03 * math.sqrt(YEAR)) < 3 * 0.8 / math.sqrt(20)
    assert after < trained - 0.5


@pytest.mark.parametrize("returns", [np.zeros((100, 1)), np.zeros(100)])
def test_nothing_to_choose_between(returns):
    with pytest.raises(InvalidInput):
        cross_validate(returns, 5, 2, periods_per_year=YEAR)
