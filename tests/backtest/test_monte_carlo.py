from __future__ import annotations

import json
import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.backtest.monte_carlo import PERCENTILES, Outcomes, bootstrap, shuffled_trades
from midas.core.errors import InvalidInput

YEAR = 252.0


def slow(path: list[float]) -> tuple[float, float, float]:
    """Total return, yearly Sharpe ratio and deepest fall, one session at a time."""
    equity = top = 1.0
    deepest = 0.0
    for gain in path:
        equity *= 1.0 + gain
        top = max(top, equity)
        deepest = min(deepest, equity / top - 1.0)
    mean = sum(path) / len(path)
    spread = math.sqrt(sum((gain - mean) ** 2 for gain in path) / (len(path) - 1))
    return equity - 1.0, mean / spread * math.sqrt(YEAR), deepest


def deepest_fall(gains, capital: float) -> float:
    equity = top = capital
    deepest = 0.0
    for gain in gains:
        equity += gain
        top = max(top, equity)
        deepest = min(deepest, equity / top - 1.0)
    return deepest


class TestOutcomes:
    @given(st.integers(0, 500), st.integers(2, 60))
    def test_against_one_session_at_a_time(self, seed, sessions):
        paths = np.random.default_rng(seed).normal(0.001, 0.03, (5, sessions))
        found = Outcomes.of_returns(paths, YEAR)
        for row, path in enumerate(paths.tolist()):
            told = (found.total_return[row], found.sharpe[row], found.max_drawdown[row])
            assert told == pytest.approx(slow(path), abs=1e-9)

    def test_a_path_that_never_moves_has_no_sharpe_ratio(self):
        found = Outcomes.of_returns(np.zeros((1, 10)), YEAR)
        assert np.isnan(found.sharpe[0])
        assert (found.total_return[0], found.max_drawdown[0]) == (0.0, 0.0)

    def test_a_path_that_loses_from_the_start_falls_from_there(self):
        assert Outcomes.of_returns(np.array([[-0.5, 0.1]]), YEAR).max_drawdown[0] == pytest.approx(-0.5)


class TestBootstrap:
    RETURNS = np.random.default_rng(1).normal(0.0005, 0.01, 750)

    def test_it_spreads_around_what_happened(self):
        found = bootstrap(self.RETURNS, 2_000, YEAR)
        observed = slow(self.RETURNS.tolist())
        for spread, value in zip((found.total_return, found.sharpe, found.max_drawdown), observed, strict=True):
            assert spread.observed == pytest.approx(value)
            assert list(spread.percentiles.values()) == sorted(spread.percentiles.values())
            assert spread.percentiles[1] < value < spread.percentiles[99]

    def test_its_median_growth_is_that_of_the_sessions(self):
        # the log of a path's growth is a sum of drawn log returns: its mean is the observed one
        found = bootstrap(self.RETURNS, 4_000, YEAR)
        spread = self.RETURNS.std() * math.sqrt(750)
        error = 4 * 1.25 * spread / math.sqrt(4_000)
        assert math.log1p(found.total_return.percentiles[50]) == pytest.approx(
            float(np.log1p(self.RETURNS).sum()), abs=error
        )

    def test_the_same_returns_give_the_same_paths(self):
        assert bootstrap(self.RETURNS, 300, YEAR) == bootstrap(self.RETURNS, 300, YEAR)
        assert bootstrap(self.RETURNS, 300, YEAR).to_json() != bootstrap(self.RETURNS[1:], 300, YEAR).to_json()

    def test_shares_count_paths(self):
        found = bootstrap(self.RETURNS, 500, YEAR)
        assert found.paths == 500
        assert 0.0 < found.losing < 1.0
        assert found.losing * 500 == pytest.approx(round(found.losing * 500))
        falling = bootstrap(np.full(100, -0.01) - np.arange(100) * 1e-6, 50, YEAR)
        assert falling.losing == 1.0

    @pytest.mark.parametrize("paths", [0, -1, 10**9])
    def test_numbers_of_paths_that_make_no_sense(self, paths):
        with pytest.raises(InvalidInput):
            bootstrap(self.RETURNS, paths, YEAR)

    def test_nothing_to_draw_from(self):
        with pytest.raises(InvalidInput):
            bootstrap(np.zeros(1), 10, YEAR)


class TestShuffledTrades:
    GAINS = np.array([300.0, -250.0, 120.0, -400.0, 90.0, 210.0, -50.0])

    def test_against_every_order_there_is(self):
        every = [deepest_fall(order, 1_000.0) for order in permutations(self.GAINS.tolist())]
        found = shuffled_trades(self.GAINS, 1_000.0, 20_000)
        for share in (5, 25, 50, 75, 95):
            below = np.mean(np.array(every) <= found.max_drawdown.percentiles[share] + 1e-12)
            strictly = np.mean(np.array(every) < found.max_drawdown.percentiles[share] - 1e-12)
            assert strictly - 0.02 <= share / 100 <= below + 0.02
        deeper = np.mean([fall < deepest_fall(self.GAINS, 1_000.0) - 1e-12 for fall in every])
        assert found.deeper == pytest.approx(deeper, abs=0.02)

    def test_where_it_ends_does_not_depend_on_the_order(self):
        found = shuffled_trades(self.GAINS, 1_000.0, 100)
        assert set(found.total_return.percentiles.values()) == {found.total_return.observed}
        assert found.total_return.observed == pytest.approx(0.02)
        assert found.sharpe.observed is found.sharpe.percentiles is None

    def test_one_trade_has_one_order(self):
        with pytest.raises(InvalidInput, match="1 closed trades"):
            shuffled_trades(np.array([1.0]), 1_000.0, 10)


def test_every_value_is_json():
    told = shuffled_trades(TestShuffledTrades.GAINS, 1_000.0, 10).to_json()
    json.dumps(told, allow_nan=False)
    assert set(told["sharpe"]) == {"observed", *(f"p{share}" for share in PERCENTILES)}
