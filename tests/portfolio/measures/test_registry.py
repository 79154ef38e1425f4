"""The table as a whole: names, definitions, and nothing that is not a number."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.portfolio.measures.samples import sample, sessions, trades, walk

from midas.portfolio.measures.registry import MEASURES, absences, by_key, summarise
from midas.portfolio.measures.sample import Activity

PER_YEAR = {
    "cagr", "volatility", "sharpe", "sharpe_error", "sortino", "calmar", "ulcer_performance", "turnover", "alpha",
    "alpha_t", "tracking_error", "information_ratio", "treynor",
}  # fmt: skip
FIXED = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "turnover", "win_rate",
    "trades", "fees", "taxes",
)  # fmt: skip


class TestRegistry:
    def test_at_least_forty_and_each_defined_once(self) -> None:
        assert len(MEASURES) >= 40
        assert len(by_key()) == len(MEASURES)
        assert all(measure.label and measure.formula for measure in MEASURES)

    def test_the_fixed_keys_are_there(self) -> None:
        assert set(FIXED) <= set(by_key())

    def test_a_year_is_counted_where_the_measure_is_told_per_year(self) -> None:
        assert {measure.key for measure in MEASURES if measure.day_count} == PER_YEAR - {"alpha_t"}
        assert all(measure.source for measure in MEASURES)

    def test_open_trades_come_in_where_the_entry_says(self) -> None:
        equity, closed = walk(5, 300), [30, -20, 10]
        without = summarise(sample(equity, done=trades(closed)))
        found = summarise(sample(equity, done=trades(closed, open_pnl=[-500, 700])))
        moved = {key for key, value in found.items() if value != without[key]}
        assert moved == {"open_trades", "win_rate_with_open"}
        assert {by_key()[key].open_trades for key in moved} == {"alone", "at the last close"}
        assert all(by_key()[key].open_trades == "left out" for key in ("trades", "win_rate", "sqn", "best_trade"))


class TestSummarise:
    @settings(max_examples=100, deadline=None)
    @given(
        st.integers(1, 10**17),
        st.lists(st.integers(0, 10**17), max_size=40),
        st.lists(st.integers(-(10**14), 10**14), max_size=6),
        st.booleans(),
    )
    def test_gives_numbers_or_none_whatever_comes(self, capital, later, gains, compared) -> None:
        equity = np.array([capital, *later]) / 100
        one = sample(equity, benchmark=np.maximum(equity[::-1], 0.01) if compared else None, done=trades(gains))
        found = summarise(one)
        json.dumps(found, allow_nan=False)
        assert all(value is None or math.isfinite(value) for value in found.values())
        assert set(absences(one, found)) == {key for key, value in found.items() if value is None}

    def test_flat_equity_has_no_ratio(self) -> None:
        found = summarise(sample(np.full(300, 1000.0)))
        assert found["total_return"] == found["cagr"] == found["volatility"] == found["max_drawdown"] == 0
        assert {found[key] for key in ("sharpe", "sortino", "calmar", "skew", "omega", "win_rate")} == {None}
        assert found["trades"] == 0

    @pytest.mark.parametrize(("rows", "per_year"), [(64, False), (65, True)])
    def test_below_ninety_days_nothing_is_told_per_year(self, rows: int, per_year: bool) -> None:
        # 65 weekdays from Thursday 2020-01-02 end on 2020-04-01, the 90th day after it; 64 end a day sooner.
        days = sessions(rows)
        assert int((days[-1] - days[0]).astype(int)) == (90 if per_year else 89)
        one = sample(walk(5, rows), benchmark=walk(6, rows), activity=Activity(10, 10, 0, 0, 0, 0, 2, 0))
        found = summarise(one)
        assert {key for key in PER_YEAR if found[key] is not None} == (PER_YEAR if per_year else set())
        assert found["total_return"] is not None
        assert ("sharpe" in absences(one, found)) is not per_year

    def test_an_open_loss_shows_in_the_drawdown(self) -> None:
        found = summarise(sample([100, 120, 60, 60], done=trades(open_pnl=[-40])))
        assert found["max_drawdown"] == -0.5
        assert found["trades"] == 0
        assert found["win_rate_with_open"] == 0


class TestByHand:
    def test_a_drawdown(self) -> None:
        # Thu 2 Jan 100, Fri 110, Mon 6 Jan 99, Tue 104.5, Wed 8 Jan 110, Thu 112
        found = summarise(sample([100, 110, 99, 104.5, 110, 112]))
        assert found["max_drawdown"] == pytest.approx(-0.1)
        assert found["max_drawdown_days"] == 5
        assert found["recovery_days"] == 2
        assert found["average_drawdown"] == pytest.approx(-0.1)

    def test_turnover_is_one_sided_over_mean_equity_and_years(self) -> None:
        equity = np.full(262, 1000.0)
        done = Activity(bought=3000, sold=1000, fees=7, taxes=3, slippage=1, income=0, fills=4, rejected=2)
        found = summarise(
            sample(equity, activity=done, days=np.arange("2020-01-01", "2020-09-19", dtype="datetime64[D]"))
        )
        assert found["turnover"] == pytest.approx(2000 / 1000 / (261 / 365.2425))
        assert (found["fees"], found["taxes"], found["fills"], found["rejected_orders"]) == (7, 3, 4, 2)

    def test_time_in_market_and_exposure(self) -> None:
        found = summarise(sample([100.0] * 5, exposure=[0, 0, 0.5, 1.0, 0]))
        assert found["time_in_market"] == 0.5
        assert found["gross_exposure"] == 0.375
        assert found["max_gross_exposure"] == 1.0
