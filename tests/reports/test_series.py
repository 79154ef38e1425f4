from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from midas.reports import series

CURVES = arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats(1.0, 1e6).map(lambda x: round(x, 2)))


def walk(rows: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    days = np.arange(np.datetime64("2015-03-10"), np.datetime64("2015-03-10") + 2 * rows)
    days = days[np.is_busday(days)][:rows]
    return days, 1e5 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0004, 0.012, rows)))


class TestWorstDrawdowns:
    def test_peak_trough_and_recovery(self):
        equity = np.array([100.0, 120.0, 90.0, 96.0, 120.0, 110.0, 130.0, 65.0, 91.0])
        assert series.worst_drawdowns(equity) == (
            series.Drawdown(-0.5, 6, 7, None),
            series.Drawdown(-0.25, 1, 2, 4),
            series.Drawdown(110 / 120 - 1, 4, 5, 6),
        )

    def test_of_nothing(self):
        assert series.worst_drawdowns(np.empty(0)) == ()

    def test_rising_equity_has_none(self):
        assert series.worst_drawdowns(np.array([1.0, 2.0, 2.0, 3.0])) == ()

    @given(CURVES)
    def test_deepest_is_the_largest_fall_between_any_two_rows(self, equity):
        falls = [equity[j] / equity[i] - 1 for i in range(len(equity)) for j in range(i, len(equity))]
        found = series.worst_drawdowns(equity)
        assert (found[0].depth if found else 0.0) == pytest.approx(min(falls), abs=1e-12)

    @given(CURVES)
    def test_each_is_a_fall_and_they_do_not_overlap(self, equity):
        found = sorted(series.worst_drawdowns(equity, 99), key=lambda fall: fall.peak)
        for fall in found:
            end = len(equity) if fall.recovery is None else fall.recovery
            assert (equity[fall.peak + 1 : end] < equity[fall.peak]).all()
            assert equity[fall.trough] == equity[fall.peak + 1 : end].min()
            assert fall.recovery is None or equity[fall.recovery] >= equity[fall.peak]
        for one, other in pairwise(found):
            assert one.recovery is not None
            assert one.recovery <= other.peak


class TestMonthlyReturns:
    def test_equal_pandas(self):
        days, equity = walk(900)
        frame = pd.Series(equity, pd.DatetimeIndex(days.astype("datetime64[ns]")))
        closes = frame.resample("ME").last()
        expected = closes / closes.shift(1).fillna(equity[0]) - 1
        found = {
            (year.year, month + 1): value
            for year in series.monthly_returns(days, equity)
            for month, value in enumerate(year.months)
            if value is not None
        }
        assert found == pytest.approx({(stamp.year, stamp.month): value for stamp, value in expected.items()})

    def test_months_compound_to_years_and_years_to_the_whole(self):
        days, equity = walk(900)
        years = series.monthly_returns(days, equity)
        for year in years:
            assert np.prod([1 + value for value in year.months if value is not None]) == pytest.approx(1 + year.total)
        assert np.prod([1 + year.total for year in years]) == pytest.approx(equity[-1] / equity[0])

    def test_month_without_a_row_is_missing_and_its_return_is_in_the_next(self):
        days = np.array(["2020-01-31", "2020-03-31"], "datetime64[D]")
        (year,) = series.monthly_returns(days, np.array([100.0, 110.0]))
        assert year.months[:3] == (0.0, None, pytest.approx(0.1))
        assert year.total == pytest.approx(0.1)

    def test_of_nothing(self):
        assert series.monthly_returns(np.empty(0, "datetime64[D]"), np.empty(0)) == ()


class TestRollingSharpe:
    @pytest.mark.parametrize("risk_free", [0.0, 0.03])
    def test_equals_pandas(self, risk_free):
        _, equity = walk(700)
        change = pd.Series(equity).pct_change() - risk_free / 252
        expected = change.rolling(252).mean() / change.rolling(252).std() * np.sqrt(252)
        np.testing.assert_allclose(series.rolling_sharpe(equity, 252, 252, risk_free), expected, rtol=1e-6)

    def test_begins_once_a_whole_window_of_returns_exists(self):
        _, equity = walk(30)
        found = series.rolling_sharpe(equity, 10, 252)
        assert np.isnan(found[:10]).all()
        assert np.isfinite(found[10:]).all()

    def test_flat_equity_has_none(self):
        assert np.isnan(series.rolling_sharpe(np.full(40, 100.0), 10, 252)).all()

    def test_steady_growth_has_none_for_it_carries_no_risk(self):
        assert np.isnan(series.rolling_sharpe(100 * 1.001 ** np.arange(40), 10, 252)).all()

    def test_too_short(self):
        assert np.isnan(series.rolling_sharpe(np.array([1.0, 2.0]), 10, 252)).all()


class TestThinned:
    @given(CURVES, st.integers(2, 80))
    def test_keeps_ends_and_extremes_in_order(self, values, limit):
        kept = series.thinned(values, limit)
        assert (np.diff(kept) > 0).all()
        assert {0, len(values) - 1} <= set(kept.tolist())
        assert values[kept].max() == values.max()
        assert values[kept].min() == values.min()
        assert len(kept) <= max(limit, 2) + 2

    def test_short_curve_is_whole(self):
        assert series.thinned(np.arange(5.0), 5).tolist() == [0, 1, 2, 3, 4]
