"""Whose bars a file holds: symbols in every dress, boards, funds and names that changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.integrations.files import TEXT, codes, read, written

from midas.core.errors import InvalidInput
from midas.core.instrument import Alias
from midas.integrations.file.source import FileSource
from midas.marketdata.source import PullRequest, RawBars


class TestSymbols:
    @pytest.mark.parametrize("word", ["005930", "5930", "A005930", "005930.KS", "KR7005930003", "005930.XKRX"])
    def test_korean_codes_in_every_dress(self, tmp_path: Path, word: str) -> None:
        raw = read(written(tmp_path, f"symbol,date,close\n{word},2024-01-02,5\n000660,2024-01-02,5\n"))
        assert raw.frame["symbol"].to_list() == ["005930.XKRX", "000660.XKRX"]
        assert any("Leading zeros" in one for one in raw.warnings) == (word == "5930")

    def test_integers_get_their_zeros_back(self, tmp_path: Path) -> None:
        pl.DataFrame({"code": [5930], "date": [date(2024, 1, 2)], "close": [5]}).write_parquet(tmp_path / "a.parquet")
        assert read(tmp_path / "a.parquet").frame["symbol"].to_list() == ["005930.XKRX"]

    @pytest.mark.parametrize("word", ["SAMSUNG", "0059301", "12-456", "ABCDEF", ""])
    def test_wrong_codes_are_found(self, tmp_path: Path, word: str) -> None:
        raw = read(written(tmp_path, f"symbol,date,close\n{word},2024-01-02,5\n000660,2024-01-02,5\n"))
        assert codes(raw) == ["wrong_symbol"]
        assert "line 2" in raw.findings[0].detail
        assert raw.frame["symbol"].to_list() == ["000660.XKRX"]

    def test_another_name_in_a_file_of_one_is_found(self, tmp_path: Path) -> None:
        lines = "".join(f"005930,2024-01-{day:02},5\n" for day in range(1, 31))
        raw = read(written(tmp_path, f"symbol,date,close\n{lines}005935,2024-02-01,5\n", "005930.csv"))
        assert codes(raw) == ["wrong_symbol"]
        assert "'005935' among the bars of 005930.XKRX" in raw.findings[0].detail

    def test_a_file_of_two_names_may_be_called_anything(self, tmp_path: Path) -> None:
        assert codes(read(written(tmp_path, TEXT, "005930.csv"))) == []

    @pytest.mark.parametrize("name", ["005930.csv", "005930_daily.csv", "krx 005930 (1).csv"])
    def test_a_file_without_symbols_is_named_after_its_own(self, tmp_path: Path, name: str) -> None:
        raw = read(written(tmp_path, "date,close\n2024-01-02,5\n", name))
        assert raw.frame["symbol"].to_list() == ["005930.XKRX"]
        assert "by its name the bars are taken as 005930.XKRX" in raw.warnings[0]

    def test_or_told(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, "date,close\n2024-01-02,5\n"), symbols=("000660",))
        assert raw.frame["symbol"].to_list() == ["000660.XKRX"]

    def test_or_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="does not say whose bars it holds"):
            read(written(tmp_path, "date,close\n2024-01-02,5\n"))

    def test_american_symbols(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, "symbol,date,close\nbrk.b,2024-01-02,5\nAAPL.XNAS,2024-01-02,5\n"), "XNYS")
        assert raw.frame["symbol"].to_list() == ["BRK.B.XNYS", "AAPL.XNAS"]

    def test_an_unknown_board_is_told(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, "symbol,date,close,market\n005930,2024-01-02,5,K-OTC\n"))
        assert raw.instruments[0].board == "KOSPI"
        assert "no board 'K-OTC'" in raw.warnings[0]

    def test_without_a_market_column_all_are_on_the_main_board_and_that_is_told(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, TEXT))
        assert {one.board for one in raw.instruments} == {"KOSPI"}
        assert "no market column" in raw.warnings[0]

    def test_funds_are_told_by_name_and_that_is_told(self, tmp_path: Path) -> None:
        rows = (
            "069500,KODEX 200,KOSPI,2024-01-02,5\n005930,삼성전자,KOSPI,2024-01-02,5\n"
            "Q530031,삼성 레버리지 WTI,KOSPI,2024-01-02,5\n"
        )
        raw = read(written(tmp_path, f"symbol,name,market,date,close\n{rows}"))
        assert [one.kind for one in raw.instruments] == ["stock", "etf", "etn"]
        assert "2 symbols are taken as ETFs or ETNs" in raw.warnings[0]


class TestMarketsTheSymbolTells:
    def test_boards_and_funds_of_china(self, tmp_path: Path) -> None:
        lines = "".join(f"{code},2024-01-02,5\n" for code in ("000001", "159915", "300750"))
        raw = read(written(tmp_path, f"symbol,date,close\n{lines}"), "XSHE")
        assert [(one.id.symbol, one.board, one.kind) for one in raw.instruments] == [
            ("000001", "MAIN", "stock"), ("159915", "MAIN", "etf"), ("300750", "CHINEXT", "stock"),
        ]  # fmt: skip
        assert any("1 are taken to be on other boards" in warning for warning in raw.warnings)

    def test_the_series_of_india_is_the_board(self, tmp_path: Path) -> None:
        text = "symbol,date,series,close\nM%26M,2024-01-02,EQ,5\nJ&KBANK,2024-01-02,BE,5\n"
        raw = read(written(tmp_path, text), "XNSE")
        assert {one.id.symbol: one.board for one in raw.instruments} == {"M_M": "EQ", "J_KBANK": "BAND5"}
        assert codes(raw) == []


class TestRenames:
    ROWS = (
        ("FB.1", "FB", "2003-03-27"), ("FB.1", "FB", "2003-03-28"),
        ("FB", "FB", "2022-06-07"), ("FB", "FB", "2022-06-08"), ("FB", "META", "2022-06-09"),
    )  # fmt: skip

    def read(self, tmp_path: Path, *options: str) -> RawBars:
        lines = ["permtick,ticker,date,open,high,low,close,volume"]
        lines += [f"{one},{ticker},{day},10,11,9,10,1000" for one, ticker, day in self.ROWS]
        file = tmp_path / "bars.csv"
        file.write_text("\n".join(lines))
        [raw] = FileSource().fetch(PullRequest(options={"path": str(file), "venue": "XNAS"}))
        return raw

    def test_bars_go_by_the_name_that_never_changes(self, tmp_path: Path) -> None:
        raw = self.read(tmp_path)
        assert raw.frame["symbol"].to_list() == ["FB.1.XNAS"] * 2 + ["FB.XNAS"] * 3

    def test_symbols_borne_are_dated_aliases(self, tmp_path: Path) -> None:
        aliases = {str(one.id): one.aliases for one in self.read(tmp_path).instruments}
        assert aliases == {
            "FB.1.XNAS": (Alias("FB", date(2003, 3, 27), date(2003, 3, 28)),),
            "FB.XNAS": (Alias("FB", date(2022, 6, 7), date(2022, 6, 8)), Alias("META", date(2022, 6, 9))),
        }
