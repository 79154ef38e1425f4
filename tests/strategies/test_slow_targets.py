"""The oracle itself, on numbers worked by hand."""

from __future__ import annotations

from typing import ClassVar

import pytest
from tests.strategies import slow_targets as slow


def column(*prices: float | None) -> slow.Prices:
    return [[price] for price in prices]


class TestBuyAndHold:
    def test_who_is_there_shares_the_whole(self) -> None:
        closes = [[None, None], [5.0, None], [5.0, 7.0]]
        assert slow.buy_and_hold(closes) == [[None, None], [1.0, 0.0], [0.5, 0.5]]


class TestMomentum:
    # Two rows back: +100 %, +50 %, +100 %, no price today, no price then.
    CLOSES: ClassVar[slow.Prices] = [
        [10.0, 10.0, 20.0, 1.0, None],
        [15.0, 12.0, 30.0, 5.0, 8.0],
        [20.0, 15.0, 40.0, None, 9.0],
    ]

    def test_of_equals_the_first_is_chosen(self) -> None:
        assert slow.momentum(self.CLOSES, 2, 0, 1, [2]) == {2: [1.0, 0.0, 0.0, 0.0, 0.0]}
        assert slow.momentum(self.CLOSES, 2, 0, 2, [2]) == {2: [0.5, 0.0, 0.5, 0.0, 0.0]}

    def test_fewer_than_asked_share_the_whole(self) -> None:
        third = 1 / 3
        assert slow.momentum(self.CLOSES, 2, 0, 9, [2]) == {2: [third, third, third, 0.0, 0.0]}

    def test_skipping(self) -> None:
        # Row 0 to row 1: +50 %, +20 %, +50 %; the fourth rose most but has no price today.
        assert slow.momentum(self.CLOSES, 1, 1, 1, [2]) == {2: [1.0, 0.0, 0.0, 0.0, 0.0]}

    def test_too_early_is_silence(self) -> None:
        assert slow.momentum(self.CLOSES, 2, 0, 1, [1]) == {1: [None] * 5}


class TestSmaCross:
    # Means of 1 less means of 2: -, 0.5, 0.5, -1, 0.5, 0, -0.5.
    CLOSES = column(1.0, 2.0, 3.0, 1.0, 2.0, 2.0, 1.0)

    def test_by_hand(self) -> None:
        # Row 1: whether it crossed above is unknown. Row 2: above already, no crossing. Row 4: crossed. Row 6: below.
        assert slow.sma_cross(self.CLOSES, 1, 2, 0) == column(None, None, 0.0, 0.0, 1.0, 1.0, 0.0)

    def test_nothing_before_the_start_counts(self) -> None:
        assert slow.sma_cross(self.CLOSES, 1, 2, 5) == column(None, None, None, None, None, 0.0, 0.0)

    def test_each_name_has_its_slot(self) -> None:
        closes = [[price, 5.0] for (price,) in self.CLOSES]
        assert [row[0] for row in slow.sma_cross(closes, 1, 2, 0)] == [None, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0]


class TestRsiReversion:
    def test_index_by_hand(self) -> None:
        # Moves +2, -1: gain 1, loss 0.5. Then +1: gain (1 + 1) / 2, loss 0.25. Then a gap. Then -3.
        index = slow.relative_strength([10.0, 12.0, 11.0, 12.0, None, 9.0], 2)
        assert index[:3] == [None, None, pytest.approx(100 / 1.5)]
        assert index[3:] == [pytest.approx(80), None, pytest.approx(100 * 0.5 / (0.5 + 1.625))]

    def test_nothing_moved(self) -> None:
        assert slow.relative_strength([3.0, 3.0, 3.0], 2) == [None, None, 50.0]

    def test_bought_low_and_sold_high(self) -> None:
        # Index of period 2: -, -, 0, 33.3, 60: bought at 0, kept, sold above 50.
        closes = column(10.0, 9.0, 8.0, 8.5, 9.0)
        index = slow.relative_strength([row[0] for row in closes], 2)
        assert index[2:] == [0.0, pytest.approx(100 / 3), pytest.approx(60)]
        assert slow.rsi_reversion(closes, 2, 30.0, 50.0, 0) == column(None, None, 1.0, 1.0, 0.0)
        assert slow.rsi_reversion(closes, 2, 30.0, 50.0, 3) == column(None, None, None, 0.0, 0.0)
