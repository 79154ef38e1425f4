"""Price limits, by hand and by law."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.venues.catalogue import venue

D = Decimal
XKRX = venue("XKRX")
BEFORE_2015, SINCE_2015 = date(2015, 6, 12), date(2015, 6, 15)
BEFORE_2023, SINCE_2023 = date(2022, 5, 2), date(2024, 5, 2)


class TestExamples:
    @pytest.mark.parametrize(
        ("day", "board", "base", "low", "high"),
        [
            (BEFORE_2015, "KOSPI", 10_000, 8_500, 11_500),
            (SINCE_2015, "KOSPI", 10_000, 7_000, 13_000),
            (BEFORE_2015, "KOSDAQ", 10_000, 8_500, 11_500),
            (SINCE_2015, "KOSDAQ", 10_000, 7_000, 13_000),
            (SINCE_2015, "KONEX", 10_000, 8_500, 11_500),
            # 30 % of 9,990 is 2,997, cut to the tick of 10: 2,990. 12,980 is off the 50-won grid of 2022: 12,950.
            (BEFORE_2023, "KOSPI", 9_990, 7_000, 12_950),
            (SINCE_2023, "KOSPI", 9_990, 7_000, 12_980),
            # 30 % of 1,995 is 598.5, cut to 598; 2,593 is off the 5-won grid: 2,590.
            (SINCE_2023, "KOSPI", 1_995, 1_397, 2_590),
            # 30 % of 49,950 is 14,985, cut to 14,950 (tick 50); 64,900 lies on the 100-won grid.
            (SINCE_2023, "KOSDAQ", 49_950, 35_000, 64_900),
            # 15 % of 1,234 is 185.1, cut to 185.
            (SINCE_2023, "KONEX", 1_234, 1_049, 1_419),
            (date(1998, 12, 5), "KOSPI", 10_000, 8_800, 11_200),
            (date(1998, 12, 7), "KOSPI", 10_000, 8_500, 11_500),
            (date(1996, 11, 23), "KOSPI", 10_000, 9_400, 10_600),
            (date(2005, 3, 25), "KOSDAQ", 10_000, 8_800, 11_200),
        ],
    )
    def test_by_hand(self, day: date, board: str, base: int, low: int, high: int) -> None:
        assert XKRX.limit_prices(D(base), day, board) == (low, high)

    def test_on_the_finer_side_of_a_step(self) -> None:
        # 30 % of 78,000 is 23,400; both ends lie on the 100-won grid.
        assert XKRX.limit_prices(D(78_000), date(2024, 1, 10)) == (54_600, 101_400)

    def test_funds_have_them_too(self) -> None:
        # 30 % of 36,005 is 10,801.5, cut to 10,800 (tick 5).
        assert XKRX.limit_prices(D(36_005), SINCE_2023, kind="etf") == (25_205, 46_805)

    def test_none_in_the_united_states(self) -> None:
        assert venue("XNYS").limit_prices(D(100), SINCE_2023) is None

    def test_none_for_an_index_or_a_generic_venue(self) -> None:
        assert XKRX.limit_prices(D(2650), SINCE_2023, kind="index") is None
        assert venue("XBOM", "INR").limit_prices(D(100), SINCE_2023) is None

    def test_fixed_amounts_before_april_1995_are_not_modelled(self) -> None:
        assert XKRX.limit_prices(D(10_000), date(1995, 3, 31)) is None


@given(
    st.integers(1, 2_000_000),
    st.dates(date(2015, 6, 15), date(2040, 1, 1)),
    st.sampled_from([("KOSPI", "0.3"), ("KOSDAQ", "0.3"), ("KONEX", "0.15")]),
)
def test_limits_are_the_widest_grid_prices_within_the_fraction(
    wish: int, day: date, board_and_fraction: tuple[str, str]
) -> None:
    board, fraction = board_and_fraction
    base = XKRX.round_to_tick(D(wish), day, board, up=True)
    limits = XKRX.limit_prices(base, day, board)
    assert limits is not None
    low, high = limits
    room = base * D(fraction)
    assert base - room <= low <= base <= high <= base + room
    base_tick = XKRX.tick(base, day, board)
    assert base_tick is not None
    # Cutting the width loses less than a tick of the base, moving onto the grid less than a tick there.
    for end in (low, high):
        own = XKRX.tick(end, day, board)
        assert own is not None
        assert end % own == 0
        assert abs(end - base) > room - base_tick - own
