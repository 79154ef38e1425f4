"""Float grids agree with exact decimals, those of the venues included."""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from midas.core.instrument import Instrument, InstrumentId
from midas.kernels import price_rules
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue
from midas.venues.venue import Venue

DAYS = (date(2010, 3, 4), date(2020, 3, 4), date(2024, 3, 4))
BOARDS = [("XKRX", "KOSPI", "stock"), ("XKRX", "KOSDAQ", "stock"), ("XKRX", "KOSPI", "etf"), ("XNAS", "", "stock")]


@pytest.fixture(scope="module", params=BOARDS, ids="-".join)
def rules(request: pytest.FixtureRequest) -> tuple[Venue, str, str, list[np.ndarray], list[float]]:
    """A venue, a board and a kind with the float ladder and limit of each of DAYS."""
    mic, board, kind = request.param
    market = venue(mic)
    instrument = Instrument(InstrumentId("A", mic), board=board, kind=kind)
    arrays = rule_arrays(market, [instrument], np.array(DAYS, "datetime64[D]"))
    ladders = []
    for at in range(len(DAYS)):
        row = int(arrays.ladder_of[0, at])
        pair = (arrays.ladder_floor[row], arrays.ladder_tick[row]) if row >= 0 else ([np.inf], [np.inf])
        ladders.append(np.column_stack(pair).astype(float))
    return market, board, kind, ladders, [float(x) for x in arrays.limit[0]]


prices = st.integers(1, 40_000_000).map(lambda cents: Decimal(cents) / 10)


class TestRoundToTick:
    @settings(max_examples=150, deadline=None)
    @given(price=prices, at=st.integers(0, 2), up=st.booleans())
    def test_agrees_with_the_venue(self, rules, price: Decimal, at: int, up: bool) -> None:
        market, board, kind, ladders, _ = rules
        if market.mic == "XKRX":
            price = max(price, Decimal(1))
        expected = market.round_to_tick(price, DAYS[at], board, kind, up=up)
        assert price_rules.round_to_tick(float(price), up, ladders[at]) == float(expected)

    @settings(max_examples=150, deadline=None)
    @given(price=prices, at=st.integers(0, 2), bps=st.sampled_from(["5", "12.5", "100"]), side=st.sampled_from([1, -1]))
    def test_agrees_after_slippage(self, rules, price: Decimal, at: int, bps: str, side: int) -> None:
        market, board, kind, ladders, _ = rules
        price = max(price, Decimal(2))
        slipped = price * (1 + side * Decimal(bps) / 10_000)
        expected = market.round_to_tick(slipped, DAYS[at], board, kind, up=side > 0)
        ours = price_rules.round_to_tick(float(price) * (1.0 + side * (float(bps) / 1e4)), side > 0, ladders[at])
        assert ours == float(expected)

    def test_without_a_grid_a_price_stays(self) -> None:
        assert price_rules.round_to_tick(12.3456, True, np.full((1, 2), np.inf)) == 12.3456


class TestLimitPrices:
    @settings(max_examples=200, deadline=None)
    @given(price=prices, at=st.integers(0, 2))
    def test_agree_with_the_venue(self, rules, price: Decimal, at: int) -> None:
        market, board, kind, ladders, limits = rules
        base = market.round_to_tick(max(price, Decimal(1)), DAYS[at], board, kind, up=True)
        expected = market.limit_prices(base, DAYS[at], board, kind)
        if expected is None:
            assert math.isnan(limits[at])
            return
        low, high = price_rules.limit_prices(float(base), limits[at], ladders[at])
        assert (low, high) == (float(expected[0]), float(expected[1]))


class TestFloorTo:
    @settings(deadline=None)
    @given(st.integers(1, 10**9), st.integers(1, 400))
    def test_a_share_lost_to_representation_is_given_back(self, shares: int, parts: int) -> None:
        # weight 1/n of n times what the shares cost is exactly the shares, whatever floats say
        assert price_rules.floor_to((1.0 / parts) * float(shares * parts), 1.0) == shares

    @settings(deadline=None)
    @given(st.decimals(0, 10**6, places=4), st.sampled_from(["1", "10", "100", "0.000000001"]))
    @example(Decimal("935256.2881"), "0.000000001")
    def test_is_the_decimal_floor(self, quantity: Decimal, lot: str) -> None:
        size = Decimal(lot)
        expected = (quantity / size).to_integral_value(ROUND_DOWN) * size
        assert price_rules.floor_to(float(quantity), float(size)) == pytest.approx(
            float(expected), abs=1e-9 * float(size)
        )


class TestMinorUnits:
    @settings(deadline=None)
    @given(st.integers(0, 10**7), st.decimals(0, 10_000, places=4))
    def test_half_up_is_the_decimal_one(self, quantity: int, price: Decimal) -> None:
        expected = int((quantity * price * 100).to_integral_value(ROUND_HALF_UP))
        assert price_rules.half_up(float(quantity) * float(price) * 100.0) == expected

    @settings(deadline=None)
    @given(st.integers(0, 10**12), st.sampled_from(["0.0018", "0.0015", "0.003", "0.0023"]))
    def test_cut_is_the_decimal_one(self, value: int, rate: str) -> None:
        assert price_rules.cut(value * float(rate)) == int((value * Decimal(rate)).to_integral_value(ROUND_FLOOR))
