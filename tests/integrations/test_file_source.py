"""Files of all sorts become the same bars, or a message that says what is wrong."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.integrations.files import COLUMNS, ROWS, TEXT, codes, read, rows, written

from midas.core.basis import Basis
from midas.core.errors import DataInvalid, InvalidInput, NotFound
from midas.integrations.file.source import FileSource
from midas.marketdata.source import PullRequest


class TestFormats:
    @pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
    def test_any_usual_delimiter(self, tmp_path: Path, delimiter: str) -> None:
        raw = read(written(tmp_path, TEXT.replace(",", delimiter)))
        assert rows(raw) == ROWS
        assert codes(raw) == []

    def test_another_delimiter_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="has one column only: 'date:open:high") as caught:
            read(written(tmp_path, TEXT.replace(",", ":")))
        assert caught.value.code == "wrong_delimiter"
        assert "comma, tab, semicolon" in caught.value.hint

    @pytest.mark.parametrize(
        ("encoded", "told"),
        [
            (TEXT.encode("utf-8-sig"), []),
            (TEXT.replace("symbol", "종목코드").encode("utf-8"), []),
            (TEXT.replace("symbol", "종목코드").encode("cp949"), ["encoding"]),
            (TEXT.encode("utf-16"), ["encoding"]),
            (TEXT.encode("utf-16-le"), ["encoding"]),
            (TEXT.replace("\n", "\r\n").encode(), []),
        ],
        ids=["BOM", "UTF-8", "CP949", "UTF-16", "UTF-16 without BOM", "CRLF"],
    )
    def test_encodings(self, tmp_path: Path, encoded: bytes, told: list[str]) -> None:
        raw = read(written(tmp_path, encoded))
        assert rows(raw) == ROWS
        assert codes(raw, "warning") == told
        assert codes(raw) == []

    def test_bytes_that_are_no_text_name_the_line(self, tmp_path: Path) -> None:
        with pytest.raises(DataInvalid, match="line 2 is neither UTF-8") as caught:
            read(written(tmp_path, TEXT.encode().replace(b"100,", b"\xff\xff\xff,")))
        assert caught.value.code == "encoding"

    def test_gzip(self, tmp_path: Path) -> None:
        assert rows(read(written(tmp_path, gzip.compress(TEXT.encode()), "bars.csv.gz"))) == ROWS

    def test_gzip_that_unpacks_to_more_than_memory_should_hold(self, tmp_path: Path) -> None:
        member = gzip.compress(bytes(64 << 20), compresslevel=1)
        with pytest.raises(DataInvalid, match="unpacks to more than 1,024 MiB") as caught:
            read(written(tmp_path, member * 17, "bars.csv.gz"))
        assert caught.value.code == "file_too_large"

    def test_parquet(self, tmp_path: Path) -> None:
        frame = pl.DataFrame(ROWS, schema=list(COLUMNS), orient="row").rename({"ts": "date"})
        frame = frame.with_columns(pl.col("symbol").str.head(6), pl.col("volume").cast(pl.Int64))
        frame.write_parquet(tmp_path / "bars.parquet")
        assert rows(read(tmp_path / "bars.parquet")) == ROWS

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="There is no file"):
            read(tmp_path / "none.csv")

    @pytest.mark.parametrize("content", ["", "\n\n"])
    def test_an_empty_file(self, tmp_path: Path, content: str) -> None:
        with pytest.raises(InvalidInput, match="is empty"):
            read(written(tmp_path, content))

    def test_carriage_returns_alone_end_lines_too(self, tmp_path: Path) -> None:
        assert rows(read(written(tmp_path, TEXT.replace("\n", "\r")))) == ROWS

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"PK\x03\x04 workbook", "is an Excel workbook or an archive"),
            (b"<html><body>403 Forbidden</body></html>", "has one column only"),
            (b'symbol,date,close\n"005930,2024-01-02,5\n', "is no table"),
            (b"symbol,date,close, close\n005930,2024-01-02,5,5\n", "is no table"),
        ],
    )
    def test_what_is_no_table_is_told(self, tmp_path: Path, content: bytes, message: str) -> None:
        with pytest.raises(InvalidInput, match=message) as caught:
            read(written(tmp_path, content))
        assert caught.value.hint

    def test_a_column_of_lists_is_no_price(self, tmp_path: Path) -> None:
        frame = pl.DataFrame({"symbol": ["005930"], "date": [date(2024, 1, 2)], "close": [[1, 2]]})
        frame.write_parquet(tmp_path / "a.parquet")
        with pytest.raises(InvalidInput, match="The column for close holds List"):
            read(tmp_path / "a.parquet")

    def test_a_line_with_too_many_fields_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match=r"Line 3 of bars\.csv has 8 fields, the first line 7"):
            read(written(tmp_path, TEXT.replace("1200,", "1,200,")))


class TestTruncatedFiles:
    def test_csv_cut_within_a_line(self, tmp_path: Path) -> None:
        cut = TEXT[: TEXT.rindex(",300")]
        raw = read(written(tmp_path, cut))
        assert "truncated_file" in codes(raw)
        assert "has 5 of 7 fields" in next(one.detail for one in raw.findings if one.code == "truncated_file")

    def test_csv_whose_last_line_does_not_end_is_told(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, TEXT.rstrip("\n")))
        assert codes(raw) == []
        assert codes(raw, "warning") == ["truncated_file"]

    @pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
    def test_parquet(self, tmp_path: Path, keep: float) -> None:
        pl.DataFrame({"date": [date(2024, 1, 2)] * 500, "close": range(500)}).write_parquet(tmp_path / "a.parquet")
        whole = (tmp_path / "a.parquet").read_bytes()
        with pytest.raises(DataInvalid, match="is cut short or damaged") as caught:
            read(written(tmp_path, whole[: int(len(whole) * keep)], "a.parquet"))
        assert caught.value.code == "truncated_file"

    def test_gzip(self, tmp_path: Path) -> None:
        with pytest.raises(DataInvalid, match="is cut short or damaged"):
            read(written(tmp_path, gzip.compress(TEXT.encode())[:-12], "bars.csv.gz"))


class TestColumns:
    @pytest.mark.parametrize(
        "header",
        [
            "일자,시가,고가,저가,종가,거래량,종목코드",
            "날짜,시가,고가,저가,종가,거래량,단축코드",
            "Date,Open,High,Low,Close,Volume,Ticker",
            "거래일, 시가 , 고가, 저가, 종가, 거래량, 종목코드",
            "TRADE_DATE,OPEN_PRICE,HIGH_PRICE,LOW_PRICE,CLOSE_PRICE,VOL,CODE",
        ],
    )
    def test_usual_names(self, tmp_path: Path, header: str) -> None:
        raw = read(written(tmp_path, TEXT.replace("date,open,high,low,close,volume,symbol", header)))
        assert rows(raw) == ROWS

    def test_more_columns(self, tmp_path: Path) -> None:
        text = (
            "Code,Name,Market,Date,Open,High,Low,Close,Volume,Amount,Adj Close,Rank\n"
            "005930,삼성전자,코스피,2024-01-02,1,1,1,1,9,99,0.5,1\n247540,에코프로비엠,KOSDAQ,2024-01-02,1,1,1,1,9,99,1,2\n"
        )
        raw = read(written(tmp_path, text))
        assert raw.frame["turnover"].to_list() == [99, 99]
        assert raw.frame["adj_close"].to_list() == [0.5, 1]
        assert [(one.name, one.board) for one in raw.instruments] == [("삼성전자", "KOSPI"), ("에코프로비엠", "KOSDAQ")]
        assert raw.warnings == ()

    def test_a_mapping_overrides_names(self, tmp_path: Path) -> None:
        text = TEXT.replace("close", "last_traded").replace("open", "종가아님")
        options = {"map.close": "last_traded", "map.open": "종가아님"}
        assert rows(read(written(tmp_path, text), **options)) == ROWS

    def test_a_mapping_takes_a_column_from_its_usual_meaning(self, tmp_path: Path) -> None:
        text = TEXT.replace("symbol", "close2")
        raw = read(written(tmp_path, text), symbols=("005930",), **{"map.close": "close2"})
        assert raw.frame["close"].to_list() == [5930, 5930, 660]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"map.close": "clos"}, "no column 'clos'.*Did you mean 'close'"),
            ({"map.clse": "close"}, "Midas has no column 'clse'.*Did you mean 'close'"),
        ],
    )
    def test_a_mapping_that_makes_no_sense(self, tmp_path: Path, options: dict[str, str], message: str) -> None:
        with pytest.raises(InvalidInput, match=message):
            read(written(tmp_path, TEXT), **options)

    @pytest.mark.parametrize(("old", "needed"), [("date", "date"), ("close", "close")])
    def test_a_missing_column_lists_those_there_are(self, tmp_path: Path, old: str, needed: str) -> None:
        with pytest.raises(InvalidInput, match=f"No column of the file is a {needed}; it has: ") as caught:
            read(written(tmp_path, TEXT.replace(old, "zzz")))
        assert f"--map {needed}=COLUMN" in caught.value.hint

    def test_adj_close_alone_is_the_close(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, "symbol,date,adj_close\n005930,2024-01-02,5\n"))
        assert raw.basis is Basis.CLOSE_ONLY
        assert raw.frame["close"].to_list() == [5.0]

    @pytest.mark.parametrize("missing", ["path", "venue"])
    def test_the_request_needs_a_file_and_a_venue(self, missing: str) -> None:
        options = {"path": "x.csv", "venue": "XKRX"}
        del options[missing]
        with pytest.raises(InvalidInput, match=f"needs a {missing}"):
            FileSource().fetch(PullRequest(options=options))


class TestNumbers:
    def test_thousands_signs_and_gaps(self, tmp_path: Path) -> None:
        text = (
            'symbol;date;open;close;volume\n005930;2024-01-02;"71,000";₩71,500;1,234\n005930;2024-01-03;N/A;72000;-\n'
        )
        raw = read(written(tmp_path, text))
        assert raw.frame.select("open", "close", "volume").rows() == [(71000, 71500, 1234), (None, 72000, None)]
        assert codes(raw) == []

    def test_text_that_is_no_number_is_found(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, TEXT.replace("110,1200", "abc,1200")))
        assert codes(raw) == ["bad_number"]
        assert raw.findings[0].detail == "line 3: close 'abc' is no number"


class TestCurrencies:
    def test_a_column_of_several_is_found(self, tmp_path: Path) -> None:
        text = "symbol,date,close,currency\n005930,2024-01-02,5,KRW\n005930,2024-01-03,5,USD\n"
        raw = read(written(tmp_path, text))
        assert codes(raw) == ["mixed_currency"]
        assert raw.findings[0].detail == "the file has prices in USD; XKRX trades in KRW"

    def test_signs_of_another_are_found(self, tmp_path: Path) -> None:
        assert codes(read(written(tmp_path, "symbol,date,close\n005930,2024-01-02,$5\n"))) == ["mixed_currency"]

    def test_an_unknown_venue_takes_the_currency_of_the_file(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, "symbol,date,close,currency\nABC,2024-01-02,5,EUR\n"), "XTST")
        assert (raw.currency, codes(raw)) == ("EUR", [])

    def test_or_must_be_told(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="its currency must be given"):
            read(written(tmp_path, "symbol,date,close\nABC,2024-01-02,5\n"), "XTST")
        assert (
            read(written(tmp_path, "symbol,date,close\nABC,2024-01-02,5\n"), "XTST", currency="EUR").currency == "EUR"
        )


class TestBasis:
    @pytest.mark.parametrize(
        ("adjusted", "basis"), [(None, None), ("true", Basis.SPLIT_ADJUSTED), ("false", Basis.RAW)]
    )
    def test_is_stated_or_left_to_be_detected(self, tmp_path: Path, adjusted: str | None, basis: Basis | None) -> None:
        options = {} if adjusted is None else {"adjusted": adjusted}
        assert read(written(tmp_path, TEXT), **options).basis is basis

    def test_adjusted_with_an_equal_adj_close_is_total_return(self, tmp_path: Path) -> None:
        text = "symbol,date,open,close,adj_close\n005930,2024-01-02,5,5,5\n"
        assert read(written(tmp_path, text), adjusted="true").basis is Basis.TOTAL_RETURN

    def test_a_word_that_is_neither_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="adjusted is 'perhaps'"):
            read(written(tmp_path, TEXT), adjusted="perhaps")


SPLIT = """Date,Open,High,Low,Close,Volume,Dividends,Stock Splits
2024-01-02,100,100,100,100,10,0,0
2024-01-03,{0},{0},{0},{0},10,0,2.0
2024-01-04,{0},{0},{0},{0},10,0.5,0
"""


class TestStatedActions:
    def test_prices_that_jump_are_raw_and_the_split_is_kept(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, SPLIT.format(50), "ABC.csv"), "XNYS")
        assert raw.basis is Basis.RAW
        assert raw.actions is not None
        assert raw.actions.select("ts", "kind", "value").rows() == [
            (date(2024, 1, 3), "split", 2.0),
            (date(2024, 1, 4), "cash_dividend", 0.5),
        ]

    def test_prices_that_do_not_already_include_it(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, SPLIT.format(100), "ABC.csv"), "XNYS")
        assert raw.basis is Basis.SPLIT_ADJUSTED
        assert raw.actions is not None
        assert raw.actions["kind"].to_list() == ["cash_dividend"]
