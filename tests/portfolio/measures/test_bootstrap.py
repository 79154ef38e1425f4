from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.portfolio.measures.bootstrap import (
    seeded,
    sharpes,
    stationary_blocks,
    stationary_places,
    usual_block,
)


def plain_sharpes(returns, starts, lengths):
    found = []
    for begins, counts in zip(starts, lengths, strict=True):
        path = [returns[(b + k) % len(returns)] for b, count in zip(begins, counts, strict=True) for k in range(count)]
        assert len(path) == len(returns)
        deviation = np.std(path, ddof=1)
        found.append(np.mean(path) / deviation if deviation > 1e-12 else 0.0)
    return found


class TestSharpes:
    @given(st.integers(0, 1000), st.integers(10, 300))
    def test_running_sums_give_what_built_series_give(self, seed, n):
        returns = np.random.default_rng(seed).normal(0.001, 0.01, n)
        starts, lengths = stationary_blocks(seeded(returns), n, 20, usual_block(n))
        assert sharpes(returns, 20) == pytest.approx(plain_sharpes(returns, starts, lengths), abs=1e-9)

    def test_the_same_returns_draw_the_same(self):
        returns = np.random.default_rng(1).normal(0, 0.01, 500)
        assert np.array_equal(sharpes(returns), sharpes(returns.copy()))
        assert not np.array_equal(sharpes(returns), sharpes(returns * 2.5 + 1e-4))

    def test_returns_that_never_vary(self):
        assert not sharpes(np.full(100, 0.25)).any()

    def test_its_spread_is_that_of_independent_samples_where_there_is_no_memory(self):
        # the standard error of a normal Sharpe ratio of n returns is about 1/√n
        rng = np.random.default_rng(3)
        spreads = [float(sharpes(rng.normal(0, 1, 1000)).std()) for _ in range(30)]
        assert np.mean(spreads) * np.sqrt(1000) == pytest.approx(1.0, abs=0.06)

    def test_it_is_wider_where_returns_follow_each_other(self):
        rng = np.random.default_rng(4)
        noise = rng.normal(size=2010)
        smooth = np.convolve(noise, np.ones(10) / 10, "valid")[:2000]
        assert sharpes(smooth).std() > 1.8 * sharpes(smooth, mean_length=1.0).std()


class TestBlocks:
    @given(st.integers(1, 400), st.floats(1.0, 40.0), st.integers(0, 50))
    def test_every_path_is_as_long_as_the_original(self, n, mean, seed):
        starts, lengths = stationary_blocks(np.random.default_rng(seed), n, 7, mean)
        assert (lengths.sum(axis=1) == n).all()
        assert lengths.min() >= 0
        assert starts.min() >= 0
        assert starts.max() < n

    def test_lengths_have_the_mean_that_was_asked_for(self):
        _, lengths = stationary_blocks(np.random.default_rng(5), 20_000, 20, 12.0)
        assert n_mean(lengths) == pytest.approx(12.0, rel=0.03)

    def test_places_follow_the_blocks(self):
        places = stationary_places(np.random.default_rng(6), 200, 50, 9.0)
        starts, lengths = stationary_blocks(np.random.default_rng(6), 200, 50, 9.0)
        for row, (begins, counts) in enumerate(zip(starts, lengths, strict=True)):
            slow = [(b + k) % 200 for b, count in zip(begins, counts, strict=True) for k in range(count)]
            assert places[row].tolist() == slow

    def test_every_observation_is_drawn_as_often_as_any_other(self):
        places = stationary_places(np.random.default_rng(8), 50, 20_000, 6.0)
        drawn = np.bincount(places.ravel(), minlength=50) / 20_000
        assert drawn == pytest.approx(np.ones(50), abs=0.08)


def n_mean(lengths):
    return lengths[lengths > 0].mean()
