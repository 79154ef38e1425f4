"""Forward factors against the same thing written as a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.marketdata.actions import ActionKind, Actions, forward_factors
from midas.marketdata.panel import build_fields


def made(*events: tuple[int, int, ActionKind, float]) -> Actions:
    ordered = sorted(events, key=lambda event: (event[0], event[1], event[2]))
    rows, columns, kinds, values = zip(*ordered, strict=True) if ordered else ((), (), (), ())
    return Actions(
        np.array(rows, np.int64), np.array(columns, np.int64), np.array(kinds, np.int8), np.array(values, np.float64)
    )


def slow_factors(close: np.ndarray, events: list[tuple[int, int, ActionKind, float]]) -> tuple[np.ndarray, np.ndarray]:
    price, shares = np.ones_like(close), np.ones_like(close)
    for column in range(close.shape[1]):
        factor, held, last = 1.0, 1.0, math.nan
        for row in range(close.shape[0]):
            for when, which, kind, value in events:
                if (when, which) != (row, column):
                    continue
                if kind is ActionKind.SPLIT:
                    factor *= value
                    held *= value
                elif kind is ActionKind.RIGHTS:
                    factor *= value
                elif last > value:
                    factor *= last / (last - value)
            price[row, column], shares[row, column] = factor, held
            if not math.isnan(close[row, column]):
                last = close[row, column]
    return price, shares


class TestForwardFactors:
    def test_no_actions_leave_ones(self) -> None:
        price, shares = forward_factors(np.full((4, 2), 10.0), Actions.none())
        assert (price == 1).all()
        assert (shares == 1).all()

    def test_a_split_multiplies_prices_and_shares_from_its_day_on(self) -> None:
        price, shares = forward_factors(np.array([[100.0], [51.0], [52.0]]), made((1, 0, ActionKind.SPLIT, 2.0)))
        assert price[:, 0].tolist() == [1, 2, 2]
        assert shares[:, 0].tolist() == [1, 2, 2]

    def test_a_dividend_pays_back_what_the_price_lost(self) -> None:
        # 100 then 97 ex 3: nothing was lost, so the total-return price stays 100.
        price, shares = forward_factors(np.array([[100.0], [97.0]]), made((1, 0, ActionKind.CASH_DIVIDEND, 3.0)))
        assert 97 * price[1, 0] == pytest.approx(100, rel=1e-15)
        assert shares[1, 0] == 1

    def test_the_last_known_close_counts_across_missing_bars(self) -> None:
        close = np.array([[100.0], [math.nan], [97.0]])
        price, _ = forward_factors(close, made((2, 0, ActionKind.CASH_DIVIDEND, 3.0)))
        assert price[2, 0] == pytest.approx(100 / 97, rel=1e-15)

    def test_rights_at_half_the_price_are_worth_a_third_of_it_for_two_new_shares_a_share(self) -> None:
        # 120 and two new shares at 60 for each: three shares are worth 240, so 80 is nothing lost
        worth = (1 + 2) * 120 / (120 + 2 * 60)
        price, shares = forward_factors(np.array([[120.0], [80.0]]), made((1, 0, ActionKind.RIGHTS, worth)))
        assert 80 * price[1, 0] == pytest.approx(120, rel=1e-15)
        assert shares[1, 0] == 1

    @pytest.mark.parametrize("event", [(0, 0, ActionKind.CASH_DIVIDEND, 3.0), (1, 0, ActionKind.CASH_DIVIDEND, 100.0)])
    def test_a_dividend_without_a_close_to_pay_it_from_is_ignored(self, event) -> None:
        price, _ = forward_factors(np.array([[100.0], [97.0]]), made(event))
        assert (price == 1).all()

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 11),
                st.integers(0, 2),
                st.sampled_from(list(ActionKind)),
                st.floats(0.2, 40.0),
            ),
            max_size=8,
            unique_by=lambda event: event[:3],
        ),
        st.integers(0, 2**36 - 1),
    )
    def test_equals_a_loop(self, events, holes) -> None:
        close = np.random.default_rng(7).uniform(20, 80, (12, 3))
        close.reshape(-1)[[bool(holes >> bit & 1) for bit in range(36)]] = math.nan
        ordered = sorted(events, key=lambda event: event[:3])
        price, shares = forward_factors(close, made(*ordered))
        expected_price, expected_shares = slow_factors(close, ordered)
        np.testing.assert_allclose(price, expected_price, rtol=1e-12)
        np.testing.assert_allclose(shares, expected_shares, rtol=1e-12)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(1, 11))
    def test_nothing_before_depends_on_what_comes_after(self, cut: int) -> None:
        close = np.random.default_rng(3).uniform(20, 80, (12, 2))
        events = [(2, 0, ActionKind.SPLIT, 2.0), (5, 1, ActionKind.CASH_DIVIDEND, 1.5), (8, 0, ActionKind.SPLIT, 0.1)]
        whole, _ = forward_factors(close, made(*events))
        part, _ = forward_factors(close[:cut], made(*[event for event in events if event[0] < cut]))
        assert (whole[:cut] == part).all()


class TestBuildFields:
    def test_adjusted_fields_share_the_raw_arrays_without_actions(self) -> None:
        fields = build_fields({"close": np.ones((3, 2)), "volume": np.ones((3, 2))}, Actions.none())
        assert fields["close"] is fields["raw_close"]
        assert "open" not in fields

    def test_volume_is_in_shares_of_the_first_day(self) -> None:
        raw = {"close": np.array([[10.0], [5.0]]), "volume": np.array([[100.0], [200.0]])}
        fields = build_fields(raw, made((1, 0, ActionKind.SPLIT, 2.0)))
        assert fields["volume"][0, :, 0].tolist() == [100, 100]
        assert fields["raw_volume"][0, :, 0].tolist() == [100, 200]
