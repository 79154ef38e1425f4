"""Splits and dividends put into prices come back out of adj_close."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.marketdata.derive import decimals, derive_actions, simple_fraction

DAYS = [date(2020, 1, 1) + timedelta(days=number) for number in range(400)]


def back_adjusted(
    events: list[tuple[int, str, float]], places: int = 4, level: float = 80.0, seed: int = 5
) -> pl.DataFrame:
    """Closes as quoted, and adj_close as a vendor computes it: backwards from the last day, then rounded."""
    rng = np.random.default_rng(seed)
    total = level * np.exp(np.cumsum(rng.normal(0, 0.012, len(DAYS))))
    close = total.copy()
    for row, kind, value in sorted(events):
        # Quoted prices drop by the ratio, or by the dividend at the scale of that day.
        close[row:] *= 1 / value if kind == "split" else 1 - value / close[row - 1]
    close = close.round(2)
    factor = np.ones(len(DAYS))
    for row, kind, value in events:
        factor[:row] *= 1 / value if kind == "split" else 1 - value / close[row - 1]
    return pl.DataFrame(
        {"symbol": ["A.XNYS"] * len(DAYS), "ts": DAYS, "close": close, "adj_close": (close * factor).round(places)}
    )


def found(frame: pl.DataFrame) -> list[tuple[date, str, float]]:
    return derive_actions(frame).actions.select("ts", "kind", "value").rows()


class TestDeriveActions:
    def test_equal_columns_have_none(self) -> None:
        frame = back_adjusted([]).with_columns(adj_close="close")
        assert derive_actions(frame).actions.is_empty()

    @pytest.mark.parametrize("ratio", [2.0, 3.0, 1.5, 1.25, 4 / 3, 5.0, 7.0, 10.0, 20.0, 50.0, 0.5, 0.1, 0.05, 2 / 3])
    def test_a_split(self, ratio: float) -> None:
        [(day, kind, value)] = found(back_adjusted([(200, "split", ratio)], places=6))
        assert (day, kind) == (DAYS[200], "split")
        assert value == pytest.approx(ratio, rel=1e-12)

    @pytest.mark.parametrize("dividend", [0.05, 0.4, 2.0, 8.0, 8.05])
    def test_a_dividend_even_of_a_tenth_of_the_price(self, dividend: float) -> None:
        [(day, kind, value)] = found(back_adjusted([(200, "cash_dividend", dividend)]))
        assert (day, kind) == (DAYS[200], "cash_dividend")
        assert value == pytest.approx(dividend, abs=0.002)

    def test_ten_for_nine_is_taken_for_a_dividend_of_the_same_worth(self) -> None:
        frame = back_adjusted([(200, "split", 10 / 9)])
        [(_, kind, value)] = found(frame)
        assert kind == "cash_dividend"
        assert value == pytest.approx(frame["close"][199] / 10, rel=1e-3)

    def test_a_split_and_a_dividend_on_one_day(self) -> None:
        # The dividend is per old share, and small enough to leave the ratio within half a percent of 2.
        events = [(200, "cash_dividend", 0.3), (200, "split", 2.0)]
        split, dividend = sorted(found(back_adjusted(events, places=6)), key=lambda one: one[1], reverse=True)
        assert split == (DAYS[200], "split", 2.0)
        assert dividend[2] == pytest.approx(0.3, rel=0.02)

    def test_adjusted_returns_follow_from_the_actions(self) -> None:
        events = [(50, "cash_dividend", 0.5), (150, "split", 2.0), (250, "cash_dividend", 0.3), (300, "split", 0.1)]
        frame = back_adjusted(events, places=6)
        close, adjusted = frame["close"].to_numpy(), frame["adj_close"].to_numpy()
        explained = np.ones(len(DAYS))
        for day, kind, value in found(frame):
            row = DAYS.index(day)
            explained[row] *= value if kind == "split" else close[row - 1] / (close[row - 1] - value)
        ours = close[1:] / close[:-1] * explained[1:]
        np.testing.assert_allclose(ours, adjusted[1:] / adjusted[:-1], rtol=1e-4)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 10_000), st.integers(2, 4), st.sampled_from((3.0, 30.0, 300.0)))
    def test_rounding_is_never_taken_for_an_action(self, seed: int, places: int, level: float) -> None:
        # One dividend, so that the ratio is no round number, and the rest is rounding.
        frame = back_adjusted([(399, "cash_dividend", level / 3.1)], places, level, seed)
        assert [day for day, _, _ in found(frame) if day != DAYS[399]] == []

    def test_a_close_rounded_more_than_what_adj_close_was_made_of(self) -> None:
        # At 3 dollars a cent is 0.3 %: the ratio trembles by that much, and a dividend of 2 % still stands out.
        rng = np.random.default_rng(8)
        exact = 3 * np.exp(np.cumsum(rng.normal(0, 0.01, len(DAYS))))
        exact[200:] *= 0.98
        adjusted = np.where(np.arange(len(DAYS)) < 200, exact * 0.98, exact)
        frame = pl.DataFrame(
            {"symbol": ["A.XNYS"] * len(DAYS), "ts": DAYS, "close": exact.round(2), "adj_close": adjusted.round(6)}
        )
        [(day, kind, value)] = found(frame)
        assert (day, kind) == (DAYS[200], "cash_dividend")
        assert value == pytest.approx(0.02 * exact[199], rel=0.1)

    def test_one_wrong_adj_close_is_noted_and_not_taken(self) -> None:
        frame = back_adjusted([(200, "cash_dividend", 1.0)]).with_columns(
            adj_close=pl.when(pl.int_range(pl.len()) == 100).then(pl.col("adj_close") * 0.9).otherwise("adj_close")
        )
        derived = derive_actions(frame)
        assert derived.actions["ts"].to_list() == [DAYS[200]]
        assert str(DAYS[100]) in derived.notes[0]

    def test_missing_days_are_stepped_over(self) -> None:
        frame = back_adjusted([(200, "split", 2.0)]).filter(~pl.int_range(pl.len()).is_between(190, 205))
        assert found(frame) == [(DAYS[206], "split", 2.0)]

    def test_symbols_do_not_touch_each_other(self) -> None:
        first = back_adjusted([(200, "split", 2.0)])
        second = back_adjusted([], seed=9).with_columns(symbol=pl.lit("B.XNYS"), adj_close="close")
        assert derive_actions(pl.concat([first, second])).actions["symbol"].to_list() == ["A.XNYS"]


class TestSimpleFraction:
    @pytest.mark.parametrize(("jump", "split"), [(2.0, 2.0), (2.009, 2.0), (0.1, 0.1), (1.5, 1.5), (49.9, 50.0)])
    def test_within_half_a_percent(self, jump: float, split: float) -> None:
        assert float(simple_fraction(jump)) == pytest.approx(split)

    @pytest.mark.parametrize("jump", [1.0, 1.05, 1.1111, 1.1125, 1.2, 2.02, 2.376, 0.9])
    def test_otherwise_none(self, jump: float) -> None:
        assert simple_fraction(jump) is None


class TestDecimals:
    @pytest.mark.parametrize("places", range(6))
    def test_counts_those_stated(self, places: int) -> None:
        values = np.random.default_rng(1).uniform(1, 500, 400).round(places)
        assert decimals(values) == places
