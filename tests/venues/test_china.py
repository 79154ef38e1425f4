"""China's table, worked out by hand from the exchanges' rules and the Ministry of Finance's rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import Side
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue

D = Decimal
XSHG, XSHE, BJSE = venue("XSHG"), venue("XSHE"), venue("BJSE")
TODAY = date(2025, 6, 3)
MILLION = D(1_000_000)


class TestDays:
    def test_golden_week_and_spring_festival(self) -> None:
        assert XSHG.calendar.next_session(date(2024, 9, 30)) == date(2024, 10, 8)
        assert XSHE.calendar.next_session(date(2024, 2, 8)) == date(2024, 2, 19)

    def test_working_weekends_are_no_sessions(self) -> None:
        assert not XSHG.calendar.is_session(date(2024, 10, 12))

    def test_hours(self) -> None:
        assert [f"{at:%H:%M}" for at in XSHG.calendar.hours_utc(TODAY)] == ["01:30", "07:00"]

    def test_cash_comes_on_the_next_session(self) -> None:
        assert XSHG.settlement_date(date(2024, 9, 30)) == date(2024, 10, 8)


class TestPrices:
    @pytest.mark.parametrize(
        ("board", "day", "limits"),
        [
            # 10 % of 9.87 is 0.987, cut to 0.98.
            ("MAIN", "2025-06-03", ("8.89", "10.85")),
            ("主板", "1996-12-13", None),
            # 5 % is 0.4935, cut to 0.49; 20 % is 1.974, cut to 1.97; 30 % is 2.961, cut to 2.96.
            ("ST", "2025-06-03", ("9.38", "10.36")),
            ("CHINEXT", "2020-08-21", ("8.89", "10.85")),
            ("创业板", "2020-08-24", ("7.90", "11.84")),
            ("STAR", "2019-07-22", ("7.90", "11.84")),
            ("BSE", "2025-06-03", ("6.91", "12.83")),
        ],
    )
    def test_limits_by_board(self, board: str, day: str, limits: tuple[str, str] | None) -> None:
        expected = None if limits is None else (D(limits[0]), D(limits[1]))
        assert XSHE.limit_prices(D("9.87"), date.fromisoformat(day), board) == expected

    def test_beijing_has_its_own_board_without_saying(self) -> None:
        assert BJSE.limit_prices(D("10.00"), TODAY) == (D("7.00"), D("13.00"))

    def test_ticks_and_lots(self) -> None:
        assert XSHG.tick(D("1800.5"), TODAY) == D("0.01")
        assert XSHG.tick(D("3.5"), TODAY, kind="etf") == D("0.001")
        assert (XSHG.lot(TODAY), XSHG.lot(TODAY, "STAR"), XSHE.lot(TODAY, "CHINEXT")) == (100, 200, 100)

    def test_what_is_bought_is_sold_the_next_session_at_the_earliest(self) -> None:
        assert (XSHG.sell_lock(TODAY), venue("XKRX").sell_lock(TODAY)) == (1, 0)


class TestCosts:
    @pytest.mark.parametrize(
        ("day", "bought", "sold"),
        [
            ("1997-05-09", 3000, 3000), ("1997-05-12", 5000, 5000), ("1998-06-12", 4000, 4000),
            ("2001-11-16", 2000, 2000), ("2005-01-24", 1000, 1000), ("2007-05-29", 1000, 1000),
            ("2007-05-30", 3000, 3000), ("2008-04-24", 1000, 1000), ("2008-09-18", 1000, 1000),
            ("2008-09-19", 0, 1000), ("2023-08-25", 0, 1000), ("2023-08-28", 0, 500),
        ],
    )  # fmt: skip
    def test_stamp_duty_on_a_million_goes_by_the_trade_date(self, day: str, bought: int, sold: int) -> None:
        on = date.fromisoformat(day)
        assert (XSHG.tax(MILLION, Side.BUY, on), XSHG.tax(MILLION, Side.SELL, on)) == (bought, sold)

    def test_commission_and_transfer_fee(self) -> None:
        # 0.025 % of 12,345.67 is 3.0864, 0.001 % is 0.1235: 3.2099.
        for side in Side:
            assert XSHE.commission(D("12345.67"), D(100), side, TODAY) == D("3.21")

    def test_funds_pay_no_stamp_duty(self) -> None:
        assert XSHG.tax(MILLION, Side.SELL, TODAY, kind="etf") == 0

    def test_what_is_left_out_is_told(self) -> None:
        assert "least commission" in XSHG.warnings[0]


class TestBoardsBySymbol:
    @pytest.mark.parametrize(
        ("symbol", "board"), [("688981", "STAR"), ("300750", "CHINEXT"), ("600519", "MAIN"), ("000333", "MAIN")]
    )
    def test_where_nobody_says_the_symbol_does(self, symbol: str, board: str) -> None:
        assert XSHG.usual_board(symbol) == board
        item = Instrument(InstrumentId(symbol, "XSHG"))
        arrays = rule_arrays(XSHG, [item], XSHG.calendar.sessions(TODAY, TODAY))
        assert arrays.limit[0, 0] == (0.1 if board == "MAIN" else 0.2)

    def test_beijing(self) -> None:
        assert BJSE.usual_board("830799") == "BSE"
