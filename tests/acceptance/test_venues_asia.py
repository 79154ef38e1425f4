"""India's and China's tables against years of real bars, and money worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.journeys.command import Inside

from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

D = Decimal
NSE = Path("data/india/nse50_daily_raw_2015_2021.parquet")
CHINA = Path("data/china/cn_a_share_daily_2020_2026.parquet")
XNSE, XSHE = venue("XNSE"), venue("XSHE")


@pytest.fixture(scope="module")
def india(shared: Path) -> pl.DataFrame:
    return pl.read_parquet(shared / NSE).sort("symbol", "date")


@pytest.fixture(scope="module")
def china(shared: Path) -> pl.DataFrame:
    return pl.read_parquet(shared / CHINA).sort("symbol", "date")


def missing(bars: pl.DataFrame, mic: str) -> dict[str, list[date]]:
    """Sessions within each name's span on which it has no bar."""
    found = {}
    for (symbol,), days in bars.group_by("symbol"):
        own = days["date"]
        first, last = own.min(), own.max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        absent = sorted(set(venue(mic).calendar.sessions(first, last).tolist()) - set(own.to_list()))
        if absent:
            found[str(symbol)] = absent
    return found


class TestIndianDays:
    def test_sessions_are_the_days_with_bars_special_ones_included(self, india: pl.DataFrame) -> None:
        days = sorted(set(india["date"].to_list()))
        assert XNSE.calendar.sessions(days[0], days[-1]).tolist() == days
        assert sum(day.isoweekday() > 5 for day in days) == 5

    def test_every_name_has_a_bar_on_every_session(self, india: pl.DataFrame) -> None:
        assert missing(india, "XNSE") == {"TITAN": [date(2020, 7, 31)]}


class TestIndianPrices:
    @pytest.mark.parametrize("column", ["open", "high", "low", "close", "prev_close"])
    def test_lie_on_the_grid(self, india: pl.DataFrame, column: str) -> None:
        ladder = XNSE.tables.tick.of("EQ", "stock").at(date(2021, 12, 31))
        assert ladder is not None
        [tick] = ladder.ticks
        steps = india[column].to_numpy() / float(tick)
        assert np.abs(steps - np.round(steps)).max() < 1e-6

    def test_a_band_of_twenty_percent_would_be_broken_by_names_with_derivatives(self, india: pl.DataFrame) -> None:
        # Days without a split: the crash of March 2020 and the news of single names.
        moves = india.with_columns(move=pl.col("close") / pl.col("prev_close") - 1)
        wide = moves.filter(pl.col("move").abs().is_between(0.2, 0.3))
        assert {"AXISBANK", "INDUSINDBK", "SBIN", "TATAMOTORS"} <= set(wide["symbol"])
        assert XNSE.limit_prices(D(100), date(2020, 3, 23)) is None


class TestChineseDays:
    def test_sessions_are_the_days_with_bars(self, china: pl.DataFrame) -> None:
        days = sorted(set(china["date"].to_list()))
        assert XSHE.calendar.sessions(days[0], days[-1]).tolist() == days

    def test_names_miss_few_sessions(self, china: pl.DataFrame) -> None:
        # Trading halts. Nothing else may be missing.
        gaps = missing(china, "XSHE")
        assert sum(map(len, gaps.values())) <= 0.005 * china.height


class TestChineseLimits:
    def test_moves_stay_within_the_limit_of_the_board(self, china: pl.DataFrame) -> None:
        # Adjusted prices: the limit goes by raw ones, cut to the fen, so a tenth of a percent is allowed for both.
        moves = china.with_columns(move=(pl.col("close") / pl.col("close").shift(1).over("symbol") - 1).abs())
        beyond = []
        for symbol, day, move in moves.drop_nulls("move").select("symbol", "date", "move").iter_rows():
            fraction = XSHE.tables.limit.of(XSHE.usual_board(symbol), "stock").at(day)
            assert fraction is not None
            if move > float(fraction) + 0.001:
                beyond.append((symbol, str(day)))
        # A fund whose splits the file does not tell.
        assert beyond == [("159516", "2026-03-30"), ("159516", "2026-07-10")]

    def test_chinext_uses_the_room_it_has_since_august_2020(self, china: pl.DataFrame) -> None:
        moves = china.filter(pl.col("symbol") == "300750").with_columns(
            move=(pl.col("close") / pl.col("close").shift(1) - 1).abs()
        )
        wide = moves.filter(pl.col("move") > 0.101)
        assert wide.height >= 5
        assert min(wide["date"]) >= date(2020, 8, 24)

    def test_main_board_moves_pile_up_at_ten_percent(self, china: pl.DataFrame) -> None:
        moves = china.filter(pl.col("symbol").str.starts_with("3").not_()).with_columns(
            move=(pl.col("close") / pl.col("close").shift(1).over("symbol") - 1).abs()
        )
        assert moves.filter(pl.col("move").is_between(0.099, 0.101)).height > 20


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(D("0.01"), ROUND_HALF_UP)


class TestMoney:
    def test_holding_one_nse_name_comes_out_to_the_paisa(
        self, shared: Path, india: pl.DataFrame, tmp_path: Path
    ) -> None:
        midas = Inside(tmp_path / "home", tmp_path)
        stored = midas("data", "import", shared / NSE, "--venue", "XNSE", "--skip-bad", "--json")
        assert stored.code == 0, stored.out
        asked = ("--symbols", "M_M", "--start", "2020-07-01", "--end", "2020-12-31", "--initial-capital", "1000000")
        done = midas("backtest", "run", "--strategy", "buy_and_hold", *asked, "--json")
        assert done.code == 0, done.out

        days = india.filter(
            (pl.col("symbol") == "M%26M") & pl.col("date").is_between(date(2020, 7, 1), date(2020, 12, 31))
        )
        decided, paid, last = D(str(days["close"][0])), D(str(days["open"][1])), D(str(days["close"][-1]))
        shares = 1_000_000 // decided
        while True:
            value = shares * paid
            # The exchange's 0.00297 % and SEBI's 0.0001 % with 18 % GST; STT 0.1 % and stamp duty 0.015 %.
            fees = cents(value * (D("0.0000297") + D("0.000001")) * D("1.18"))
            taxes = cents(value * (D("0.001") + D("0.00015")))
            if value + fees + taxes <= 1_000_000:
                break
            shares -= 1
        summary = done.json["summary"]
        assert summary["fees"] == float(fees)
        assert summary["taxes"] == float(taxes)
        assert summary["final_equity"] == float(1_000_000 - value - fees - taxes + shares * last)
        assert done.json["settings"]["basis"] == "raw"
