from __future__ import annotations

import json
import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats
from tests.factors.markets import panel_of

from midas.backtest.evidence import Evidence, evidence_of
from midas.backtest.luck import luck_of, weigh
from midas.backtest.sweep import sweep
from midas.core.errors import InvalidInput
from midas.marketdata.panel import Panel
from midas.portfolio.measures.sample import simple_returns
from midas.strategies.library.sma_cross import SmaCross

YEAR = 252.0


def noise(n: int, seed: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 0.01, n)


def plain(returns: list[float], trials: int, variance: float | None = None) -> tuple[float, float, float]:
    """PSR, deflated Sharpe and the best of luck, written out in plain Python from the papers."""
    n = len(returns)
    mean = sum(returns) / n
    centred = [r - mean for r in returns]
    m2, m3, m4 = (sum(c**k for c in centred) / n for k in (2, 3, 4))
    sharpe = mean / math.sqrt(m2 * n / (n - 1))
    skew, kurtosis = m3 / m2**1.5, m4 / m2**2
    error = math.sqrt((1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2) / (n - 1))
    normal = NormalDist()
    best = 0.0
    if trials > 1:
        gamma = 0.57721566490153286
        spread = math.sqrt(1 / (n - 1) if variance is None else variance)
        best = spread * ((1 - gamma) * normal.inv_cdf(1 - 1 / trials) + gamma * normal.inv_cdf(1 - 1 / trials / math.e))
    cdf = normal.cdf
    return cdf(sharpe / error), cdf((sharpe - best) / error), 1 - cdf(sharpe / error) ** trials


class TestNumbers:
    @pytest.mark.parametrize("trials", [1, 2, 10, 1000])
    @pytest.mark.parametrize("seed", range(3))
    def test_against_plain_python(self, trials, seed):
        returns = noise(600, seed, 0.0007)
        found = luck_of(returns, trials, periods_per_year=YEAR)
        psr, deflated, by_luck = plain(returns.tolist(), trials)
        assert (found.psr, found.deflated_sharpe, found.by_luck) == pytest.approx((psr, deflated, by_luck), rel=1e-9)
        assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(YEAR))

    def test_moments_against_scipy(self):
        returns = stats.t.rvs(5, size=800, random_state=4) * 0.01
        found = evidence_of(returns, YEAR)
        assert found.skew == pytest.approx(stats.skew(returns))
        assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))

    def test_the_spread_of_known_trials_counts_as_theirs(self):
        returns, known = noise(600, 1, 0.0007), [0.1, 0.9, -0.4, None, math.nan, 1.1]
        variance = np.var([0.1, 0.9, -0.4, 1.1], ddof=1) / YEAR
        found = luck_of(returns, 4, periods_per_year=YEAR, trial_sharpes=known)
        assert found.deflated_sharpe == pytest.approx(plain(returns.tolist(), 4, variance)[1], rel=1e-9)

    def test_trials_that_are_not_known_count_as_chance(self):
        returns, known = noise(600, 1, 0.0007), [0.9, 0.91, 0.92, 0.93]
        of_known = float(np.var(known, ddof=1)) / YEAR
        variance = 0.25 * of_known + 0.75 / 599
        found = luck_of(returns, 16, periods_per_year=YEAR, trial_sharpes=known)
        assert found.deflated_sharpe == pytest.approx(plain(returns.tolist(), 16, variance)[1], rel=1e-9)

    def test_returns_of_the_trials_give_their_ratios_and_pbo(self):
        every = noise(600 * 20, 3).reshape(600, 20)
        ratios = every.mean(axis=0) / every.std(axis=0, ddof=1) * math.sqrt(YEAR)
        given = luck_of(every[:, 4], 20, periods_per_year=YEAR, trial_sharpes=ratios)
        found = luck_of(every[:, 4], 20, periods_per_year=YEAR, trial_returns=every)
        assert found.deflated_sharpe == pytest.approx(given.deflated_sharpe)
        assert given.pbo is None
        assert 0.0 <= found.pbo <= 1.0

    def test_settings_that_are_all_alike_cost_little(self):
        base = noise(1260, 5, 0.0008)
        alike = base[:, None] + noise(1260 * 100, 6).reshape(1260, 100) * 0.05
        found = luck_of(base, 100, periods_per_year=YEAR, trial_returns=alike)
        apart = luck_of(base, 100, periods_per_year=YEAR)
        assert found.deflated_sharpe > apart.deflated_sharpe
        assert found.by_luck < apart.by_luck

    def test_more_tries_never_make_it_better(self):
        evidence = evidence_of(noise(600, 1, 0.0007), YEAR)
        found = [weigh(evidence, trials) for trials in (1, 2, 3, 10, 100, 10_000)]
        deflated = [one.deflated_sharpe for one in found]
        assert deflated == sorted(deflated, reverse=True)
        assert [one.by_luck for one in found] == sorted(one.by_luck for one in found)

    def test_a_missing_return_is_a_session_without_a_position(self):
        returns = noise(300, 2, 0.001)
        returns[:40] = np.nan
        assert luck_of(returns, 1, periods_per_year=YEAR) == luck_of(np.nan_to_num(returns), 1, periods_per_year=YEAR)

    def test_evidence_survives_being_stored(self):
        evidence = evidence_of(noise(300, 2), YEAR)
        assert Evidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence


class TestInterval:
    def test_it_covers_the_truth_about_as_often_as_it_says(self):
        truth, hits = 1.0, 0
        for seed in range(150):
            found = evidence_of(noise(500, seed, 0.01 * truth / math.sqrt(YEAR)), YEAR)
            hits += found.low <= truth <= found.high
        assert 0.90 <= hits / 150 <= 0.985

    def test_the_same_returns_have_the_same_interval(self):
        assert evidence_of(noise(300, 2), YEAR) == evidence_of(noise(300, 2), YEAR)


class TestGate:
    """A few of the batches that decide; `scripts/verify_luck.py` does all of them."""

    BATCHES = 50
    SESSIONS = 1260

    def test_the_best_of_100_noise_trials_hardly_ever_passes(self):
        rng, passed = np.random.default_rng(11), 0
        for _ in range(self.BATCHES):
            trials = rng.normal(0, 0.01, (self.SESSIONS, 100))
            best = int(np.argmax(trials.mean(axis=0) / trials.std(axis=0)))
            passed += luck_of(trials[:, best], 100, periods_per_year=YEAR).passed is True
        assert passed <= 0.05 * self.BATCHES

    def test_without_the_count_of_trials_they_nearly_all_would(self):
        rng, passed = np.random.default_rng(11), 0
        for _ in range(20):
            trials = rng.normal(0, 0.01, (self.SESSIONS, 100))
            best = int(np.argmax(trials.mean(axis=0) / trials.std(axis=0)))
            passed += luck_of(trials[:, best], 1, periods_per_year=YEAR).passed is True
        assert passed >= 18

    def test_a_real_edge_tested_once_passes_mostly(self):
        rng = np.random.default_rng(12)
        passed = [
            luck_of(rng.normal(0.012 / math.sqrt(YEAR), 0.01, self.SESSIONS), 1, periods_per_year=YEAR).passed
            for _ in range(100)
        ]
        assert np.mean(passed) >= 0.80


class TestT16BestOfMany:
    """Optimise on noise, show the best: through the engine itself, on walks that hold nothing to be found."""

    def test_what_a_sweep_finds_in_noise_does_not_pass(self):
        counted, uncounted = [], []
        for seed in (5, 12, 21, 24, 27, 28):
            found = sweep(SmaCross, walk(seed), {"fast": "3:30:6", "slow": "40:130:15"})
            returns, known = simple_returns(found.result.equity), found.trials.column("sharpe")
            one = luck_of(returns, len(known), periods_per_year=YEAR, trial_sharpes=known)
            counted.append(one.passed)
            uncounted.append(luck_of(returns, 1, periods_per_year=YEAR).passed)
        assert not any(counted)
        assert sum(uncounted) >= 3, "these walks are chosen such that without the count they would"


def walk(seed: int) -> Panel:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(-0.0002, 0.02, (1300, 1)), axis=0))
    opening = close * np.exp(rng.normal(0, 0.003, close.shape))
    high, low = np.maximum(opening, close) * 1.004, np.minimum(opening, close) * 0.996
    volume = np.full(close.shape, 1e7)
    fields = {"close": close, "open": opening, "high": high, "low": low, "volume": volume, "turnover": close * volume}
    return panel_of(fields)


class TestSentence:
    def test_it_says_how_often_luck_does_as_well(self):
        # 1 − Φ(z)^1000 = 1/3 at z = Φ⁻¹((2/3)^(1/1000)) = 3.3475 standard errors
        score = NormalDist().inv_cdf((2 / 3) ** (1 / 1000))
        n = 1001
        sharpe = score / math.sqrt(n - 1 - score**2 / 2)
        found = weigh(Evidence(n, YEAR, sharpe, 0.0, 3.0, 0.0, 1.0), 1000)
        assert found.by_luck == pytest.approx(1 / 3, rel=1e-6)
        assert found.sentence.startswith(
            "Of 1,000 settings tried, the best would look this good by luck alone about 1 time in 3;"
        )
        assert found.passed is False

    def test_the_only_try(self):
        found = luck_of(noise(1260, 1, 0.002), 1, periods_per_year=YEAR)
        assert found.passed is True
        assert found.sentence.startswith("This is the only setting tried")

    def test_rare_but_not_proven(self):
        score = 3.6
        sharpe = score / math.sqrt(1000 - score**2 / 2)
        found = weigh(Evidence(1001, YEAR, sharpe, 0.0, 3.0, 0.0, 1.0), 100)
        assert found.by_luck < 0.05
        assert found.passed is False
        assert "short of proof" in found.sentence

    @pytest.mark.parametrize(
        ("returns", "why"),
        [
            (np.zeros(89), "89 sessions are too few, 90 are needed"),
            (np.zeros(90), "the returns do not vary"),
            ([], "0"),
        ],
    )
    def test_what_cannot_be_told(self, returns, why):
        found = luck_of(returns, 5, periods_per_year=YEAR)
        assert why in found.sentence
        assert found.trials == 5
        told = found.to_json()
        assert {key for key, value in told.items() if value is not None} == {"trials", "sentence"}

    def test_90_sessions_are_enough(self):
        assert luck_of(noise(90, 1), 1, periods_per_year=YEAR).psr is not None

    def test_a_loss_needs_no_luck(self):
        found = luck_of(noise(300, 1, -0.002), 3, periods_per_year=YEAR)
        assert found.passed is False
        assert found.min_track_record_sessions is None
        assert "not above 0" in found.sentence

    @pytest.mark.parametrize("trials", [0, -3])
    def test_nothing_was_tried(self, trials):
        with pytest.raises(InvalidInput):
            luck_of(noise(300, 1), trials, periods_per_year=YEAR)

    def test_every_value_is_json(self):
        json.dumps(luck_of(noise(300, 1), 3, periods_per_year=YEAR).to_json(), allow_nan=False)
