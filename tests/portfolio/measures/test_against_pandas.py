"""Every measure of an equity curve against its formula written with pandas, numpy and scipy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.portfolio.measures.samples import sample, walk

from midas.portfolio.measures.registry import summarise

N = 250.5
RF = 0.02
near = pytest.approx


@pytest.fixture(scope="module", params=[1, 2, 3])
def case(request: pytest.FixtureRequest) -> tuple[pd.Series, pd.Series, dict[str, float]]:
    rows = 700
    equity, benchmark = walk(request.param, rows), walk(request.param + 50, rows)
    benchmark = 0.5 * benchmark + 0.5 * equity * benchmark[0] / equity[0]
    one = sample(equity, benchmark=benchmark, periods=N, risk_free=RF)
    index = pd.bdate_range("2020-01-02", periods=rows)
    return pd.Series(equity, index), pd.Series(benchmark, index), summarise(one)


class TestReturns:
    def test_growth(self, case):
        equity, _, found = case
        years = (equity.index[-1] - equity.index[0]).days / 365.2425
        assert found["total_return"] == near(equity.iloc[-1] / equity.iloc[0] - 1)
        assert found["cagr"] == near((1 + equity.pct_change().dropna()).prod() ** (1 / years) - 1)
        assert found["volatility"] == near(equity.pct_change().std() * math.sqrt(N))
        assert found["final_equity"] == equity.iloc[-1]

    def test_days_and_months(self, case):
        equity, _, found = case
        daily = equity.pct_change().dropna()
        month_ends = equity.groupby(equity.index.to_period("M")).last()
        monthly = month_ends.pct_change()
        monthly.iloc[0] = month_ends.iloc[0] / equity.iloc[0] - 1
        assert (found["best_day"], found["worst_day"]) == (near(daily.max()), near(daily.min()))
        assert found["positive_days"] == near((daily > 0).mean())
        assert (found["best_month"], found["worst_month"]) == (near(monthly.max()), near(monthly.min()))
        assert found["positive_months"] == near((monthly > 0).mean())

    def test_shape(self, case):
        equity, _, found = case
        daily = equity.pct_change().dropna()
        assert found["skew"] == near(stats.skew(daily))
        assert found["kurtosis"] == near(stats.kurtosis(daily))


class TestRatios:
    def test_sharpe_and_sortino(self, case):
        equity, _, found = case
        excess = equity.pct_change().dropna() - RF / N
        assert found["sharpe"] == near(excess.mean() / excess.std() * math.sqrt(N))
        downside = math.sqrt((excess.clip(upper=0) ** 2).mean())
        assert found["sortino"] == near(excess.mean() / downside * math.sqrt(N))

    def test_probabilistic_sharpe(self, case):
        equity, _, found = case
        excess = equity.pct_change().dropna() - RF / N
        period = excess.mean() / excess.std()
        skew, kurtosis = stats.skew(excess), stats.kurtosis(excess, fisher=False)
        error = math.sqrt((1 - skew * period + (kurtosis - 1) / 4 * period**2) / (len(excess) - 1))
        assert found["sharpe_error"] == near(error * math.sqrt(N))
        assert found["probabilistic_sharpe"] == near(stats.norm.cdf(period / error))

    def test_by_drawdown(self, case):
        equity, _, found = case
        depth = equity / equity.cummax() - 1
        assert found["calmar"] == near(found["cagr"] / -depth.min())
        assert found["recovery_factor"] == near(found["total_return"] / -depth.min())
        assert found["ulcer_performance"] == near(found["cagr"] / math.sqrt((depth**2).mean()))

    def test_by_gains_and_losses(self, case):
        equity, _, found = case
        daily = equity.pct_change().dropna()
        gains, losses = daily[daily > 0].sum(), -daily[daily < 0].sum()
        tail = abs(daily.quantile(0.95)) / abs(daily.quantile(0.05))
        assert found["omega"] == near(gains / losses)
        assert found["gain_to_pain"] == near(daily.sum() / losses)
        assert found["tail_ratio"] == near(tail)
        assert found["common_sense"] == near(tail * gains / losses)


class TestDrawdown:
    def test_depth_and_length(self, case):
        equity, _, found = case
        depth = equity / equity.cummax() - 1
        trough = depth.idxmin()
        peak = equity[:trough].idxmax()
        back = equity[trough:][equity[trough:] >= equity[peak]]
        assert found["max_drawdown"] == near(depth.min())
        assert found["current_drawdown"] == near(depth.iloc[-1])
        assert found["ulcer_index"] == near(math.sqrt((depth**2).mean()))
        end = back.index[0] if len(back) else equity.index[-1]
        assert found["max_drawdown_days"] == (end - peak).days
        assert found["recovery_days"] == ((back.index[0] - trough).days if len(back) else None)

    def test_stretches(self, case):
        equity, _, found = case
        depth = equity / equity.cummax() - 1
        lows, spans, peak, low = [], [], equity.index[0], 0.0
        for day, value in depth.items():
            if value == 0:
                if low < 0:
                    lows.append(low)
                    spans.append((day - peak).days)
                peak, low = day, 0.0
            low = min(low, value)
        if low < 0:
            lows.append(low)
            spans.append((equity.index[-1] - peak).days)
        assert found["average_drawdown"] == near(np.mean(lows))
        assert found["longest_drawdown_days"] == max(spans)


class TestTails:
    @pytest.mark.parametrize(("level", "name"), [(0.05, "95"), (0.01, "99")])
    def test_historical(self, case, level, name):
        equity, _, found = case
        for suffix, step in (("", 1), ("_10d", 10)):
            returns = equity.pct_change(step).dropna()
            low = returns.quantile(level)
            assert found[f"var_{name}{suffix}"] == near(-low)
            assert found[f"cvar_{name}{suffix}"] == near(-returns[returns <= low].mean())


class TestRelative:
    def test_line(self, case):
        equity, benchmark, found = case
        y, x = equity.pct_change().dropna() - RF / N, benchmark.pct_change().dropna() - RF / N
        line = stats.linregress(x, y)
        assert found["beta"] == near(line.slope)
        assert found["alpha"] == near(line.intercept * N)
        assert found["alpha_t"] == near(line.intercept / line.intercept_stderr)
        assert found["r_squared"] == near(line.rvalue**2)
        assert found["treynor"] == near(y.mean() * N / line.slope)

    def test_active(self, case):
        equity, benchmark, found = case
        active = equity.pct_change().dropna() - benchmark.pct_change().dropna()
        assert found["tracking_error"] == near(active.std() * math.sqrt(N))
        assert found["information_ratio"] == near(active.mean() / active.std() * math.sqrt(N))
        assert found["benchmark_return"] == near(benchmark.iloc[-1] / benchmark.iloc[0] - 1)
        assert found["excess_return"] == near(found["total_return"] - found["benchmark_return"])


class TestTrading:
    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(-500, 500), min_size=1, max_size=150), st.lists(st.integers(-500, 500), max_size=5))
    def test_equals_pandas(self, gains: list[int], still_open: list[int]) -> None:
        from tests.portfolio.measures.samples import trades

        held = np.arange(1, len(gains) + 1)
        found = summarise(sample(walk(1, 100), done=trades(gains, held, still_open)))
        pnl, days = pd.Series(gains, dtype=float), pd.Series(held)
        won, lost = pnl[pnl > 0], pnl[pnl < 0]
        assert (found["trades"], found["open_trades"]) == (len(pnl), len(still_open))
        assert found["win_rate"] == near((pnl > 0).mean())
        both = pd.Series([*gains, *still_open])
        assert found["win_rate_with_open"] == near((both > 0).mean())
        assert found["expectancy"] == near(pnl.mean())
        assert found["average_held"] == near(days.mean())
        assert found["winners_held"] == (near(days[pnl > 0].mean()) if len(won) else None)
        assert found["losers_held"] == (near(days[pnl < 0].mean()) if len(lost) else None)
        if len(lost):
            assert found["profit_factor"] == near(won.sum() / -lost.sum())
            assert found["expectancy_r"] == near(pnl.mean() / -lost.mean())
        else:
            assert found["profit_factor"] is None
        if len(won) and len(lost):
            payoff = won.mean() / -lost.mean()
            share = (pnl > 0).mean()
            assert found["payoff_ratio"] == near(payoff)
            assert found["kelly"] == near(share - (1 - share) / payoff)
            assert found["cpc_index"] == near(won.sum() / -lost.sum() * share * payoff)
        spread = pnl.std()
        if len(pnl) > 1 and spread > 1e-9:
            assert found["sqn"] == near(math.sqrt(len(pnl)) * pnl.mean() / spread)
            assert found["sqn_100"] == near(math.sqrt(min(100, len(pnl))) * pnl.mean() / spread)
        runs = (pnl > 0).groupby((pnl > 0).ne((pnl > 0).shift()).cumsum()).sum()
        assert found["max_wins_in_a_row"] == runs.max()
        assert (found["best_trade"], found["worst_trade"]) == (near(pnl.max() / 1000), near(pnl.min() / 1000))
