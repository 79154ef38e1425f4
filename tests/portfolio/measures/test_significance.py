"""Against what the papers print, scipy, and simulated trials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from midas.portfolio.measures.significance import (
    chance_of_best,
    expected_best_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_error,
)

SHARPES = st.floats(-0.5, 0.5)
SKEWS = st.floats(-3, 3)
COUNTS = st.integers(3, 10_000)


class TestPublished:
    def test_a_fund_whose_two_years_were_less_sure_than_they_looked(self):
        # Bailey, López de Prado 2012, section 5: 24 months, monthly Sharpe 0.458, skew -2.448, kurtosis 10.164
        assert round(probabilistic_sharpe(0.458, 24, 0, 3), 3) == 0.982
        assert round(probabilistic_sharpe(0.458, 24, -2.448, 10.164), 3) == 0.913

    @pytest.mark.parametrize(("periods", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
    def test_the_track_record_that_a_sharpe_of_2_needs_to_be_above_1(self, periods, years):
        # Bailey, López de Prado 2012, section 6, normal returns by day, week and month
        year = math.sqrt(periods)
        assert round(minimum_track_record(2 / year, 0, 3, 1 / year) / periods, 2) == years

    def test_the_same_for_hedge_funds_as_they_are(self):
        # as above, monthly, skew -0.72 and kurtosis 5.78: 4.99 years
        year = math.sqrt(12)
        assert round(minimum_track_record(2 / year, -0.72, 5.78, 1 / year) / 12, 2) == 4.99

    def test_the_deflated_sharpe_of_a_strategist_after_100_trials(self):
        # Bailey, López de Prado 2014, the numerical example: SR 2.5 a year, 1,250 days, variance 1/2 a year,
        # skew -3, kurtosis 10
        best = expected_best_sharpe(100, 0.5 / 250)
        assert round(best, 4) == 0.1132
        assert round(probabilistic_sharpe(2.5 / math.sqrt(250), 1250, -3, 10, best), 4) == 0.9004

    def test_46_trials_would_have_been_few_enough(self):
        best = expected_best_sharpe(46, 0.5 / 250)
        assert round(probabilistic_sharpe(2.5 / math.sqrt(250), 1250, -3, 10, best), 4) == 0.9505


class TestLaws:
    @given(SHARPES, COUNTS, SKEWS)
    def test_probability_against_scipy(self, sharpe, n, skew):
        kurtosis = skew * skew + 1.5
        error = sharpe_error(sharpe, n, skew, kurtosis)
        slow = stats.norm.sf(0, loc=sharpe, scale=error)
        assert probabilistic_sharpe(sharpe, n, skew, kurtosis) == pytest.approx(slow, abs=1e-12)

    @given(st.floats(0.01, 0.5), SKEWS)
    def test_the_shortest_record_is_where_belief_begins(self, sharpe, skew):
        kurtosis = skew * skew + 1.5
        needed = minimum_track_record(sharpe, skew, kurtosis)
        n = math.ceil(needed)
        if n > 3:
            assert probabilistic_sharpe(sharpe, n, skew, kurtosis) >= 0.95 - 1e-9
            assert probabilistic_sharpe(sharpe, n - 1, skew, kurtosis) < 0.95

    @pytest.mark.parametrize("sharpe", [0.0, -0.1])
    def test_no_record_is_long_enough_for_what_is_not_above(self, sharpe):
        assert minimum_track_record(sharpe, 0, 3) is None

    def test_one_trial_expects_nothing_and_more_expect_more(self):
        found = [expected_best_sharpe(n, 1.0) for n in (1, 2, 10, 100, 10_000)]
        assert found[0] == 0.0
        assert found == sorted(found)

    @pytest.mark.parametrize("trials", [10, 100, 1000])
    def test_the_best_to_expect_is_the_mean_of_the_largest(self, trials):
        exact = stats.norm.expect(lambda x: x * trials * stats.norm.cdf(x) ** (trials - 1), lb=-9, ub=9)
        assert expected_best_sharpe(trials, 1.0) == pytest.approx(exact, rel=0.025)

    def test_returns_that_allow_no_error(self):
        # two outcomes, as far apart as a kurtosis of skew² + 1 says, with the ratio that leaves no doubt
        assert sharpe_error(1.0, 100, 2.0, 5.0) is None
        assert sharpe_error(0.1, 2, 0.0, 3.0) is None


class TestChanceOfBest:
    @given(st.floats(-3, 8), st.integers(1, 100_000))
    def test_independent_trials_against_scipy(self, score, trials):
        assert chance_of_best(score, trials) == pytest.approx(
            -np.expm1(trials * stats.norm.logcdf(score)), rel=1e-6, abs=1e-15
        )

    @pytest.mark.parametrize("shared", [0.1, 0.5, 0.9, 0.99])
    @pytest.mark.parametrize("score", [0.5, 2.0, 3.0])
    def test_trials_that_share_a_factor_against_simulated_ones(self, shared, score):
        rng = np.random.default_rng(7)
        common = rng.normal(size=(40_000, 1))
        own = rng.normal(size=(40_000, 50))
        best = (math.sqrt(shared) * common + math.sqrt(1 - shared) * own).max(axis=1)
        found = float((best >= score).mean())
        assert chance_of_best(score, 50, shared) == pytest.approx(found, abs=4 * math.sqrt(0.25 / 40_000))

    def test_copies_of_one_trial_are_one_trial(self):
        assert chance_of_best(2.0, 1000, 1.0) == chance_of_best(2.0, 1) == pytest.approx(stats.norm.sf(2.0))

    @given(st.floats(0, 5), st.floats(0.01, 0.98))
    def test_the_more_they_share_the_less_luck_there_is(self, score, shared):
        assert chance_of_best(score, 100, shared + 0.01) <= chance_of_best(score, 100, shared) + 1e-9
