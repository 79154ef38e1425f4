"""Plans keep what was ordered: slices add up, in whole lots, close to the shape asked for."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.execution.orders import NOON, SAMSUNG, intent

from midas.core.errors import InvalidInput
from midas.core.instrument import Instrument
from midas.core.order import OrderKind, Side
from midas.execution.order_id import order_id
from midas.execution.styles import Slice, VolumeShare, limit_at_touch, twap, vwap
from midas.venues.catalogue import venue

LOTS = st.sampled_from([Decimal(1), Decimal(100), Decimal("0.001")])
DAY = date(2026, 3, 3)


def times(slices: tuple[Slice, ...]) -> list[float]:
    return [(one.due_utc - NOON).total_seconds() for one in slices]


def sizes(slices: tuple[Slice, ...]) -> list[int]:
    return [int(one.intent.quantity) for one in slices]


def follows(slices: tuple[Slice, ...], weights: list[Fraction], quantity: Decimal, lot: Decimal) -> None:
    parent = intent(quantity)
    assert sum((one.intent.quantity for one in slices), Decimal(0)) == quantity
    assert all(one.intent.quantity > 0 for one in slices)
    assert all(one.intent.quantity % lot == 0 for one in slices[:-1])
    assert len({order_id(one.intent) for one in slices} | {order_id(parent)}) == len(slices) + 1
    done = {one.intent.sequence: one.intent.quantity for one in slices}
    so_far, planned = Fraction(0), Decimal(0)
    for place, weight in enumerate(weights):
        so_far += weight
        planned += done.get(place, Decimal(0))
        ideal = Fraction(quantity) * so_far / sum(weights)
        # below the shape by less than a lot and what is no whole lot, never above it
        assert 0 <= ideal - Fraction(planned) < 2 * Fraction(lot)


class TestTwap:
    def test_by_hand(self) -> None:
        slices = twap(intent(10), NOON, NOON + timedelta(seconds=300), 4, Decimal(1))
        assert sizes(slices) == [2, 3, 2, 3]
        assert times(slices) == [0, 100, 200, 300]
        assert [one.intent.sequence for one in slices] == [0, 1, 2, 3]

    def test_an_odd_lot_goes_with_the_last(self) -> None:
        assert sizes(twap(intent(350), NOON, NOON + timedelta(seconds=9), 2, Decimal(100))) == [100, 250]

    def test_one_slice_is_the_order(self) -> None:
        assert sizes(twap(intent(7), NOON, NOON, 1, Decimal(1))) == [7]

    @given(st.integers(1, 5000), st.integers(1, 60), LOTS, st.integers(0, 3))
    def test_adds_up(self, lots: int, count: int, lot: Decimal, odd: int) -> None:
        quantity = lot * lots + lot * odd / 4
        slices = twap(intent(quantity), NOON, NOON + timedelta(minutes=30), count, lot)
        follows(slices, [Fraction(1)] * count, quantity, lot)

    @pytest.mark.parametrize(
        ("count", "length_s", "lot"), [(0, 10, "1"), (2, -1, "1"), (2, 10, "0"), (2, 10, "NaN"), (2, 3600, "1")]
    )
    def test_makes_sense_or_is_refused(self, count: int, length_s: int, lot: str) -> None:
        with pytest.raises(InvalidInput):
            twap(intent(10), NOON, NOON + timedelta(seconds=length_s), count, Decimal(lot))


class TestVwap:
    def profile(self, *volumes: float) -> list[VolumeShare]:
        return [VolumeShare(NOON + timedelta(minutes=k), volume) for k, volume in enumerate(volumes)]

    def test_by_hand(self) -> None:
        # a U: 40 %, 10 %, nothing, 50 % of 20
        slices = vwap(intent(20), self.profile(4, 1, 0, 5), Decimal(1))
        assert (sizes(slices), times(slices)) == ([8, 2, 10], [0, 60, 180])

    def test_what_follows_the_last_volume_gets_nothing(self) -> None:
        slices = vwap(intent(20), self.profile(1, 1, 0), Decimal(1))
        assert (sizes(slices), times(slices)) == ([10, 10], [0, 60])

    @given(st.integers(1, 5000), st.lists(st.floats(0, 1e9), min_size=1, max_size=40), LOTS)
    def test_adds_up(self, lots: int, volumes: list[float], lot: Decimal) -> None:
        profile = self.profile(*volumes)
        if not any(volumes):
            with pytest.raises(InvalidInput):
                vwap(intent(lot * lots), profile, lot)
            return
        follows(vwap(intent(lot * lots), profile, lot), [Fraction(v) for v in volumes], lot * lots, lot)

    @pytest.mark.parametrize("volumes", [(), (0.0,), (1.0, -1.0), (float("nan"),), (float("inf"), 1.0)])
    def test_makes_sense_or_is_refused(self, volumes: tuple[float, ...]) -> None:
        with pytest.raises(InvalidInput):
            vwap(intent(10), self.profile(*volumes), Decimal(1))

    def test_time_goes_forward(self) -> None:
        with pytest.raises(InvalidInput):
            vwap(intent(10), self.profile(1, 1)[::-1], Decimal(1))


class TestTouch:
    @pytest.mark.parametrize(("side", "price"), [(Side.BUY, 71_300), (Side.SELL, 71_400)])
    def test_is_on_the_grid_on_our_side_of_it(self, side: Side, price: int) -> None:
        krx = venue("XKRX")
        one = limit_at_touch(intent(10, side), Decimal(71_350), NOON, krx, Instrument(SAMSUNG, board="KOSPI"), DAY)
        assert (one.intent.kind, one.intent.limit_price) == (OrderKind.LIMIT, price)

    @pytest.mark.parametrize("price", ["0", "-1", "NaN"])
    def test_needs_a_price(self, price: str) -> None:
        with pytest.raises(InvalidInput):
            limit_at_touch(intent(10), Decimal(price), NOON, venue("XKRX"), Instrument(SAMSUNG), DAY)
