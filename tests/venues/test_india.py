"""India's table, worked out by hand from the lists of charges and the exchange's rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from midas.core.errors import DataBlocked
from midas.core.order import Side
from midas.venues.catalogue import venue

D = Decimal
XNSE = venue("XNSE")
TODAY = date(2025, 6, 2)
LAKH = D(100_000)


class TestDays:
    @pytest.mark.parametrize("day", ["2020-02-01", "2020-11-14", "2019-10-27", "2024-01-20", "2015-11-11"])
    def test_weekends_and_holidays_with_a_session(self, day: str) -> None:
        assert XNSE.calendar.is_session(date.fromisoformat(day))

    @pytest.mark.parametrize("day", ["2020-02-08", "2024-01-22", "2021-11-05", "2026-01-26", "2015-11-12"])
    def test_closed(self, day: str) -> None:
        assert not XNSE.calendar.is_session(date.fromisoformat(day))

    def test_hours(self) -> None:
        # Kolkata is five and a half hours ahead of UTC; the hour of Diwali began at 18:15.
        assert [f"{at:%H:%M}" for at in XNSE.calendar.hours_utc(TODAY)] == ["03:45", "10:00"]
        assert [f"{at:%H:%M}" for at in XNSE.calendar.hours_utc(date(2021, 11, 4))] == ["12:45", "13:45"]

    def test_holidays_are_known_to_the_end_of_2026_only(self) -> None:
        with pytest.raises(DataBlocked, match="to 2026-12-31"):
            XNSE.calendar.is_session(date(2027, 1, 1))

    @pytest.mark.parametrize(
        ("trade", "settles"),
        [
            # Two days until 26 January 2023, a holiday; then one.
            ("2023-01-24", "2023-01-27"),
            ("2023-01-25", "2023-01-30"),
            ("2023-01-27", "2023-01-30"),
            # Friday, then the session of Saturday 20 January 2024, on which nothing settles; the 22nd was closed.
            ("2024-01-19", "2024-01-23"),
            ("2024-01-20", "2024-01-23"),
        ],
    )
    def test_settlement(self, trade: str, settles: str) -> None:
        assert XNSE.settlement_date(date.fromisoformat(trade)) == date.fromisoformat(settles)


class TestPrices:
    @pytest.mark.parametrize(
        ("day", "price", "tick"),
        [
            ("2021-03-01", "3.20", "0.05"), ("2021-03-01", "14000", "0.05"), ("2024-07-01", "249.99", "0.01"),
            ("2024-07-01", "250", "0.05"), ("2025-06-02", "999.95", "0.05"), ("2025-06-02", "1000.10", "0.10"),
            ("2025-06-02", "5000.50", "0.50"), ("2025-06-02", "10001", "1"), ("2025-06-02", "20005", "5"),
        ],
    )  # fmt: skip
    def test_ticks(self, day: str, price: str, tick: str) -> None:
        assert XNSE.tick(D(price), date.fromisoformat(day)) == D(tick)

    @pytest.mark.parametrize(
        ("board", "limits"),
        [("EQ", None), ("BAND20", ("80", "120")), ("BAND10", ("90", "110")), ("5%", ("95", "105")),
         ("be", ("95", "105")), ("BAND2", ("98", "102"))],
    )  # fmt: skip
    def test_a_band_goes_with_the_board(self, board: str, limits: tuple[str, str] | None) -> None:
        expected = None if limits is None else (D(limits[0]), D(limits[1]))
        assert XNSE.limit_prices(D(100), TODAY, board) == expected

    def test_single_shares(self) -> None:
        assert XNSE.lot(TODAY) == 1
        assert XNSE.sell_lock(TODAY) == 0


class TestCosts:
    def test_a_delivery_of_a_lakh(self) -> None:
        # Exchange 2.97, SEBI 0.10, GST 18 % of 3.07 = 0.5526: together 3.6226.
        for side in Side:
            assert XNSE.commission(LAKH, D(100), side, TODAY) == D("3.62")
        # STT 100 both ways, stamp duty 15 from the buyer.
        assert XNSE.tax(LAKH, Side.BUY, TODAY) == 115
        assert XNSE.tax(LAKH, Side.SELL, TODAY) == 100

    @pytest.mark.parametrize(
        ("day", "bought", "sold"),
        [
            ("2004-09-30", 0, 0), ("2004-10-01", 75, 75), ("2005-06-01", 100, 100), ("2006-06-01", 125, 125),
            ("2012-06-29", 125, 125), ("2012-07-02", 100, 100), ("2020-06-30", 100, 100), ("2020-07-01", 115, 100),
        ],
    )  # fmt: skip
    def test_tax_goes_by_the_trade_date(self, day: str, bought: int, sold: int) -> None:
        on = date.fromisoformat(day)
        assert (XNSE.tax(LAKH, Side.BUY, on), XNSE.tax(LAKH, Side.SELL, on)) == (bought, sold)

    def test_funds_pay_a_thousandth_of_a_percent(self) -> None:
        assert XNSE.tax(LAKH, Side.SELL, TODAY, kind="etf") == 1
        assert XNSE.tax(LAKH, Side.BUY, TODAY, kind="etf") == 15

    def test_what_is_left_out_is_told(self) -> None:
        assert "depository" in XNSE.warnings[0]
