"""Commission, fees and taxes, worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import InvalidInput
from midas.core.order import Side
from midas.venues.catalogue import venue

D = Decimal
XKRX, XNAS = venue("XKRX"), venue("XNAS")
MILLION = D(1_000_000)


class TestKoreanTax:
    @pytest.mark.parametrize(
        ("day", "board", "tax"),
        [
            # Settled from 2019-06-03: traded from 2019-05-30.
            (date(2019, 5, 29), "KOSPI", 3000),
            (date(2019, 5, 30), "KOSPI", 2500),
            (date(2019, 5, 29), "KOSDAQ", 3000),
            (date(2019, 5, 30), "KOSDAQ", 2500),
            (date(2019, 5, 29), "KONEX", 3000),
            (date(2019, 5, 30), "KONEX", 1000),
            # The last two sessions of 2024 are 27 and 30 December; both settle in 2025.
            (date(2024, 12, 26), "KOSPI", 1800),
            (date(2024, 12, 27), "KOSPI", 1500),
            (date(2024, 12, 30), "KOSPI", 1500),
            # Of 2025: 29 and 30 December, settling in 2026, when the rate went up again.
            (date(2025, 12, 26), "KOSDAQ", 1500),
            (date(2025, 12, 29), "KOSDAQ", 2000),
            (date(2020, 12, 28), "KOSPI", 2500),
            (date(2020, 12, 29), "KOSPI", 2300),
            (date(2022, 12, 27), "KOSPI", 2300),
            (date(2022, 12, 28), "KOSPI", 2000),
            (date(2023, 12, 26), "KOSPI", 2000),
            (date(2023, 12, 27), "KOSPI", 1800),
            (date(2026, 6, 2), "KONEX", 1000),
            # Settled from 1994-07-01 (0.35 % + 0.15 %), 1995-07-18 (0.30 % + 0.15 %) and 1996-04-01 (0.15 % + 0.15 %);
            # Saturdays count, 17 July 1995 was a holiday.
            (date(1994, 6, 28), "KOSPI", 3500),
            (date(1994, 6, 29), "KOSPI", 5000),
            (date(1995, 7, 13), "KOSPI", 5000),
            (date(1995, 7, 14), "KOSPI", 4500),
            (date(1996, 3, 28), "KOSPI", 4500),
            (date(1996, 3, 29), "KOSPI", 3000),
        ],
    )
    def test_on_a_million_won_sold(self, day: date, board: str, tax: int) -> None:
        assert XKRX.tax(MILLION, Side.SELL, day, board) == tax

    def test_is_cut_to_the_won(self) -> None:
        # 0.15 % of 999,999 is 1,499.9985.
        assert XKRX.tax(D(999_999), Side.SELL, date(2025, 3, 4)) == 1499

    @pytest.mark.parametrize("kind", ["etf", "etn", "index"])
    def test_none_on_funds(self, kind: str) -> None:
        assert XKRX.tax(MILLION, Side.SELL, date(2025, 3, 4), "KOSPI", kind) == 0

    def test_none_on_buying(self) -> None:
        assert XKRX.tax(MILLION, Side.BUY, date(2025, 3, 4)) == 0

    @given(
        st.dates(date(2018, 1, 1), date(2030, 1, 1)),
        st.integers(1, 10**12),
        st.sampled_from(["KOSPI", "KOSDAQ", "KONEX"]),
    )
    def test_rate_is_that_of_the_settlement_date(self, day: date, value: int, board: str) -> None:
        main = [("0001-01-01", "0.0030"), ("2019-06-03", "0.0025"), ("2021-01-01", "0.0023"), ("2023-01-01", "0.0020"),
                ("2024-01-01", "0.0018"), ("2025-01-01", "0.0015"), ("2026-01-01", "0.0020")]  # fmt: skip
        konex = [("0001-01-01", "0.0030"), ("2019-06-03", "0.0010")]
        settles = str(XKRX.settlement_date(day))
        rate = [rate for start, rate in (konex if board == "KONEX" else main) if start <= settles][-1]
        expected = (D(value) * D(rate)).to_integral_value(ROUND_DOWN)
        assert XKRX.tax(D(value), Side.SELL, day, board) == expected


class TestKoreanCommission:
    @pytest.mark.parametrize("side", list(Side))
    def test_one_and_a_half_basis_points_both_ways(self, side: Side) -> None:
        assert XKRX.commission(MILLION, D(10), side, date(2025, 3, 4)) == 150

    def test_is_rounded_half_up(self) -> None:
        # 0.015 % of 10,000 is 1.5, of 9,999 is 1.49985.
        assert XKRX.commission(D(10_000), D(1), Side.BUY, date(2025, 3, 4)) == 2
        assert XKRX.commission(D(9_999), D(1), Side.BUY, date(2025, 3, 4)) == 1


class TestAmericanFees:
    def test_buying_is_free(self) -> None:
        assert XNAS.commission(MILLION, D(1000), Side.BUY, date(2024, 6, 3)) == 0

    def test_selling_pays_the_sec_and_finra(self) -> None:
        # 10,000 × 27.80 per million = 0.278; 100 shares × 0.000166 = 0.0166; together 0.2946.
        assert XNAS.commission(D(10_000), D(100), Side.SELL, date(2024, 6, 3)) == D("0.29")

    def test_activity_fee_is_capped(self) -> None:
        # 100,000 × 0.000166 = 16.60, capped at 8.30; with 27.80 of the SEC.
        assert XNAS.commission(MILLION, D(100_000), Side.SELL, date(2024, 6, 3)) == D("36.10")

    @pytest.mark.parametrize(
        ("day", "fee"),
        [
            # 8.00 until 21 May 2024, 27.80 for what settles from 22 May: two sessions after 20 May.
            (date(2024, 5, 17), "8.00"),
            (date(2024, 5, 20), "27.80"),
            # 0.00 for what settles from 14 May 2025: one session after 13 May.
            (date(2025, 5, 12), "27.80"),
            (date(2025, 5, 13), "0.00"),
            # 5.60 from 1 April 2008: three sessions after 27 March.
            (date(2008, 3, 26), "11.00"),
            (date(2008, 3, 27), "5.60"),
        ],
    )
    def test_section_31_goes_by_settlement(self, day: date, fee: str) -> None:
        assert XNAS.commission(MILLION, D(1), Side.SELL, day) == D(fee)

    @pytest.mark.parametrize(
        ("day", "fee"),
        [
            # The SEC took 33.30 of a million until 2001, nothing of the value here: 0.01 dollars sold.
            (date(2002, 9, 30), "0.00"),
            (date(2002, 10, 1), "1.00"),
            (date(2004, 11, 1), "0.75"),
            (date(2011, 7, 1), "0.90"),
            (date(2012, 6, 29), "0.95"),
            (date(2012, 7, 2), "1.19"),
            (date(2023, 1, 3), "1.45"),
            (date(2024, 1, 2), "1.66"),
        ],
    )
    def test_activity_fee_on_ten_thousand_shares_goes_by_trade_date(self, day: date, fee: str) -> None:
        assert XNAS.commission(D("0.01"), D(10_000), Side.SELL, day) == D(fee)

    def test_no_tax(self) -> None:
        assert XNAS.tax(MILLION, Side.SELL, date(2024, 6, 3)) == 0

    def test_all_exchanges_agree(self) -> None:
        for mic in ("XNYS", "ARCX", "XASE", "BATS"):
            assert venue(mic).commission(MILLION, D(100), Side.SELL, date(2024, 6, 3)) == XNAS.commission(
                MILLION, D(100), Side.SELL, date(2024, 6, 3)
            )


class TestRefusals:
    def test_unknown_board(self) -> None:
        with pytest.raises(InvalidInput, match=r"no board 'KOSPO'.*KOSPI"):
            XKRX.tax(MILLION, Side.SELL, date(2024, 6, 3), "KOSPO")

    def test_unknown_kind(self) -> None:
        with pytest.raises(InvalidInput, match=r"'bond'"):
            XKRX.tax(MILLION, Side.SELL, date(2024, 6, 3), "KOSPI", "bond")
