"""Price grids, by hand from the exchange's tables and by law."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import InvalidInput
from midas.venues.catalogue import venue
from midas.venues.ladder import Ladder

D = Decimal
XKRX, XNAS = venue("XKRX"), venue("XNAS")
OLD, NEW = date(2023, 1, 20), date(2023, 1, 25)
BOARDS = ("KOSPI", "KOSDAQ", "KONEX")


class TestKorea:
    @pytest.mark.parametrize("board", BOARDS)
    @pytest.mark.parametrize(
        ("price", "tick"),
        [(1, 1), (1999, 1), (2000, 5), (4995, 5), (5000, 10), (19990, 10), (20000, 50), (49950, 50), (50000, 100),
         (199900, 100), (200000, 500), (499500, 500), (500000, 1000), (1_200_000, 1000)],
    )  # fmt: skip
    def test_since_2023_one_ladder_for_all_boards(self, board: str, price: int, tick: int) -> None:
        assert XKRX.tick(D(price), NEW, board) == tick

    @pytest.mark.parametrize(
        ("price", "tick"),
        [(999, 1), (1000, 5), (4995, 5), (5000, 10), (10000, 50), (49950, 50), (50000, 100), (99900, 100)],
    )
    @pytest.mark.parametrize("board", BOARDS)
    def test_before_2023(self, board: str, price: int, tick: int) -> None:
        assert XKRX.tick(D(price), OLD, board) == tick

    @pytest.mark.parametrize(
        ("board", "price", "tick"),
        [("KOSPI", 100000, 500), ("KOSPI", 500000, 1000), ("KOSDAQ", 100000, 100), ("KOSDAQ", 500000, 100)],
    )
    def test_before_2023_dear_shares_differ_by_board(self, board: str, price: int, tick: int) -> None:
        assert XKRX.tick(D(price), OLD, board) == tick

    def test_penny_shares_had_five_won_until_october_2010(self) -> None:
        assert XKRX.tick(D(500), date(2010, 10, 1)) == 5
        assert XKRX.tick(D(500), date(2010, 10, 4)) == 1

    @pytest.mark.parametrize("kind", ["etf", "etn"])
    def test_funds(self, kind: str) -> None:
        assert XKRX.tick(D(1500), OLD, kind=kind) == 5
        assert XKRX.tick(D(120_000), NEW, kind=kind) == 5
        assert XKRX.tick(D(1500), date(2024, 1, 2), kind=kind) == 1
        assert XKRX.tick(D(2000), date(2024, 1, 2), kind=kind) == 5

    def test_rounding_uses_the_tick_of_the_price_itself(self) -> None:
        # 19,994 is on the 10-won part, 20,004 on the 50-won part.
        assert XKRX.round_to_tick(D(19994), NEW, up=False) == 19990
        assert XKRX.round_to_tick(D(19994), NEW, up=True) == 20000
        assert XKRX.round_to_tick(D(20004), NEW, up=False) == 20000
        assert XKRX.round_to_tick(D(20004), NEW, up=True) == 20050


class TestUnitedStates:
    def test_a_cent_and_below_a_dollar_a_hundredth_of_it(self) -> None:
        assert XNAS.tick(D("1"), NEW) == D("0.01")
        assert XNAS.tick(D("0.9999"), NEW) == D("0.0001")
        assert XNAS.round_to_tick(D("12.345"), NEW, up=True) == D("12.35")
        assert XNAS.round_to_tick(D("12.345"), NEW, up=False) == D("12.34")

    def test_also_before_prices_were_decimal(self) -> None:
        assert XNAS.tick(D("30.25"), date(1995, 1, 3)) == D("0.01")


class TestNoGrid:
    def test_an_index(self) -> None:
        assert XKRX.tick(D("2650.37"), NEW, kind="index") is None
        assert XKRX.round_to_tick(D("2650.37"), NEW, kind="index", up=True) == D("2650.37")

    def test_a_generic_venue(self) -> None:
        assert venue("XBOM", "INR").tick(D("100.123"), NEW) is None


days = st.dates(date(1985, 1, 1), date(2040, 1, 1))
kinds = st.sampled_from(["stock", "etf", "etn"])
prices = st.decimals(min_value=D("0.0001"), max_value=D(2_000_000), places=4)


class TestLaws:
    @given(prices, days, st.sampled_from(BOARDS), kinds)
    def test_rounding_is_tight_idempotent_and_on_the_grid(self, price: D, day: date, board: str, kind: str) -> None:
        down = XKRX.round_to_tick(price, day, board, kind, up=False)
        up = XKRX.round_to_tick(price, day, board, kind, up=True)
        tick = XKRX.tick(price, day, board, kind)
        assert tick is not None
        assert down <= price <= up
        assert up - down in (0, tick)
        for rounded in (down, up):
            own = XKRX.tick(rounded, day, board, kind)
            assert own is not None
            assert rounded % own == 0
            assert XKRX.round_to_tick(rounded, day, board, kind, up=True) == rounded
            assert XKRX.round_to_tick(rounded, day, board, kind, up=False) == rounded

    @given(prices, prices, days)
    def test_rounding_keeps_order(self, one: D, other: D, day: date) -> None:
        low, high = sorted((one, other))
        assert XNAS.round_to_tick(low, day, up=False) <= XNAS.round_to_tick(high, day, up=False)
        assert XNAS.round_to_tick(low, day, up=True) <= XNAS.round_to_tick(high, day, up=True)


class TestRefusals:
    @pytest.mark.parametrize("price", ["-1", "NaN", "Infinity"])
    def test_what_is_no_price(self, price: str) -> None:
        with pytest.raises(InvalidInput, match="is not a price"):
            XKRX.tick(D(price), NEW)

    def test_a_ladder_whose_steps_do_not_meet(self) -> None:
        with pytest.raises(ValueError, match="1003 does not lie"):
            Ladder((D(0), D(1003)), (D(5), D(10)))

    def test_a_ladder_that_does_not_begin_at_zero(self) -> None:
        with pytest.raises(ValueError, match="ascend from 0"):
            Ladder((D(1),), (D(1),))
