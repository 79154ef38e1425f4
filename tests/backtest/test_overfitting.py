from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from midas.backtest.overfitting import probability_of_overfitting


def brute_force(returns: np.ndarray, blocks: int) -> float:
    """The paper's steps, one by one: λ = ln(ω / (1 − ω)), overfitting where λ ≤ 0."""
    parts = np.array_split(returns, blocks)
    logits = []
    for inside in combinations(range(blocks), blocks // 2):
        train = np.concatenate([parts[i] for i in inside])
        test = np.concatenate([parts[i] for i in range(blocks) if i not in inside])
        ratios = [[np.mean(c) / np.std(c, ddof=1) if np.std(c) > 0 else 0.0 for c in half.T] for half in (train, test)]
        best = int(np.argmax(ratios[0]))
        below = sum(one < ratios[1][best] for one in ratios[1])
        same = sum(one == ratios[1][best] for one in ratios[1])
        share = (below + (same + 1) / 2) / (returns.shape[1] + 1)
        logits.append(np.log(share / (1 - share)))
    return float(np.mean([logit <= 1e-12 for logit in logits]))


@pytest.mark.parametrize("blocks", [4, 6, 8])
@pytest.mark.parametrize(("sessions", "trials"), [(120, 2), (123, 7), (250, 20)])
def test_against_brute_force(blocks, sessions, trials):
    returns = np.random.default_rng(sessions * trials).normal(0.0005, 0.01, (sessions, trials))
    assert probability_of_overfitting(returns, blocks) == brute_force(returns, blocks)


def test_trials_that_never_traded_are_ranked_at_0():
    returns = np.random.default_rng(2).normal(0, 0.01, (120, 5))
    returns[:, 2:] = 0.0
    assert probability_of_overfitting(returns, 6) == brute_force(returns, 6)


def test_a_session_without_a_position_is_one_without_gain():
    returns = np.random.default_rng(3).normal(0, 0.01, (120, 5))
    returns[:30, 1] = np.nan
    assert probability_of_overfitting(returns, 6) == brute_force(np.nan_to_num(returns), 6)


def test_noise_is_a_coin_toss():
    found = [probability_of_overfitting(np.random.default_rng(n).normal(size=(400, 40)), 8) for n in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_one_that_is_truly_better_stays_so():
    returns = np.random.default_rng(5).normal(0, 0.01, (1000, 50))
    returns[:, 17] += 0.003
    assert probability_of_overfitting(returns) == 0.0


def test_what_was_good_turning_bad_is_always_overfit():
    # each trial earns in one half of its time and loses as much in the other
    returns = np.tile(np.where(np.arange(40) % 2, 0.01, 0.011)[:, None], (3, 1))
    signs = np.sign(np.random.default_rng(6).normal(size=(12, 30)))
    signs[6:] = -signs[:6]
    returns = np.repeat(signs, 10, axis=0) * returns
    assert probability_of_overfitting(returns, 12) > 0.9


@pytest.mark.parametrize("shape", [(400, 1), (30, 5), (0, 5)])
def test_too_little_to_tell(shape):
    assert probability_of_overfitting(np.ones(shape)) is None


def test_many_trials_are_taken_some_halves_at_a_time(monkeypatch):
    from midas.backtest import overfitting

    returns = np.random.default_rng(9).normal(size=(120, 11))
    whole = probability_of_overfitting(returns, 6)
    monkeypatch.setattr(overfitting, "_AT_ONCE", 33)
    assert probability_of_overfitting(returns, 6) == whole
