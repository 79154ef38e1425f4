"""Files of all sorts become the same bars, or a message that says what is wrong."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from midas.core.basis import Basis
from midas.core.errors import DataInvalid, InvalidInput, NotFound
from midas.core.instrument import Alias
from midas.integrations.file.source import FileSource
from midas.marketdata.source import PullRequest, RawBars

TEXT = """date,open,high,low,close,volume,symbol
2024-01-02,100,110,95,105,1000,005930
2024-01-03,105,112,101,110,1200,005930
2024-01-02,50,52,49,51,300,000660
"""
ROWS = [
    ("005930.XKRX", date(2024, 1, 2), 100.0, 110.0, 95.0, 105.0, 1000.0),
    ("005930.XKRX", date(2024, 1, 3), 105.0, 112.0, 101.0, 110.0, 1200.0),
    ("000660.XKRX", date(2024, 1, 2), 50.0, 52.0, 49.0, 51.0, 300.0),
]
COLUMNS = ("symbol", "ts", "open", "high", "low", "close", "volume")


def read(path: Path, venue: str = "XKRX", symbols: tuple[str, ...] = (), **options: str) -> RawBars:
    [raw] = FileSource().fetch(PullRequest(symbols, options={"path": str(path), "venue": venue, **options}))
    return raw


def written(folder: Path, content: str | bytes, name: str = "bars.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def rows(raw: RawBars) -> list[tuple[object, ...]]:
    return raw.frame.select(COLUMNS).rows()


def codes(raw: RawBars, severity: str = "error") -> list[str]:
    return [one.code for one in raw.findings if one.severity == severity]


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


class TestDates:
    @pytest.mark.parametrize(
        "text",
        ["2024-01-02", "20240102", "2024/01/02", "2024.1.2", "2024-01-02 00:00:00", "2024-01-02T00:00:00+09:00",
         "2024년 1월 2일", "2024-01-02T15:30:00+09:00", "2024-01-01T15:00:00Z", "2024-01-02T00:00:00Z",
         "2024-01-02 06:30:00+00:00"],
    )  # fmt: skip
    def test_a_day_is_read_however_it_is_written(self, tmp_path: Path, text: str) -> None:
        raw = read(written(tmp_path, f"symbol,date,close\n005930,{text},5\n"))
        assert raw.frame["ts"].to_list() == [date(2024, 1, 2)]
        assert codes(raw) == []

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("2024-01-02 09:30:00", "naive_time"),
            ("2024-01-02T09:30:00-05:00", "wrong_time_zone"),
            ("2024-01-02T00:00:00-05:00", "wrong_time_zone"),
            ("2024-01-02T12:00:00Z", "wrong_time_zone"),
            ("2024-02-30", "bad_date"),
            ("yesterday", "bad_date"),
            ("", "bad_date"),
            ("1704153600", "bad_date"),
            ("0000-01-02", "bad_date"),
        ],
    )
    def test_a_day_that_is_in_doubt_is_found(self, tmp_path: Path, text: str, code: str) -> None:
        raw = read(written(tmp_path, f"symbol,date,close\n000660,2024-01-03,5\n005930,{text},5\n"))
        assert codes(raw) == [code]
        assert "line 3" in raw.findings[0].detail
        assert raw.frame.height == 1

    def test_of_a_venue_whose_zone_is_not_known_the_day_is_the_day_written(self, tmp_path: Path) -> None:
        raw = read(written(tmp_path, "symbol,date,close\nABC,2024-01-02 00:00:00+02:00,5\n"), "XTST", currency="EUR")
        assert raw.frame["ts"].to_list() == [date(2024, 1, 2)]
        assert codes(raw) == []

    @pytest.mark.parametrize(("venue", "texts"), [("XNYS", ["01/02/2024", "03/04/2024"]), ("XNYS", ["01/31/2024"])])
    def test_american_order(self, tmp_path: Path, venue: str, texts: list[str]) -> None:
        lines = "".join(f"AAPL,{text},5\n" for text in texts)
        raw = read(written(tmp_path, f"symbol,date,close\n{lines}"), venue)
        assert raw.frame["ts"].dt.month().to_list() == [int(text[:2]) for text in texts]

    def test_an_order_that_could_be_either_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="can be read two ways"):
            read(written(tmp_path, "symbol,date,close\n005930,03/04/2024,5\n"))

    def test_intraday_stamps_become_utc(self, tmp_path: Path) -> None:
        text = "symbol,time,close\n005930,2024-01-02T09:05:00+09:00,5\n005930,2024-01-02T09:10:00+09:00,5\n"
        raw = read(written(tmp_path, text), timeframe="5m")
        assert raw.frame["ts"].to_list() == [datetime(2024, 1, 2, 0, minute, tzinfo=UTC) for minute in (5, 10)]

    def test_stamps_of_openings_become_those_of_closes(self, tmp_path: Path) -> None:
        # The last bar opens a minute before midnight, UTC.
        text = "symbol,time,close\nBTC,2024-01-02T23:58:00Z,5\nBTC,2024-01-02T23:59:00Z,5\n"
        raw = read(written(tmp_path, text), "COIN", timeframe="1m", stamps="open", currency="USD")
        assert raw.frame["ts"].to_list() == [
            datetime(2024, 1, 2, 23, 59, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)
        ]  # fmt: skip
        assert any("stamped 1m later, at its close" in warning for warning in raw.warnings)
        same = read(written(tmp_path, text), "COIN", timeframe="1m", stamps="close", currency="USD")
        assert same.frame["ts"][0] == datetime(2024, 1, 2, 23, 58, tzinfo=UTC)

    @pytest.mark.parametrize("length", [{}, {"timeframe": "1d"}, {"timeframe": "1w"}])
    def test_openings_need_a_length_within_the_day(self, tmp_path: Path, length: dict[str, str]) -> None:
        with pytest.raises(InvalidInput, match="nothing tells when they opened") as caught:
            read(written(tmp_path, TEXT), stamps="open", **length)
        assert caught.value.code == "stamps_without_length"
        with pytest.raises(InvalidInput, match="stamps is 'middle'"):
            read(written(tmp_path, TEXT), stamps="middle", **length)

    def test_intraday_stamps_without_a_zone_are_found(self, tmp_path: Path) -> None:
        text = "symbol,time,close\n005930,2024-01-02 09:05:00,5\n"
        with pytest.raises(DataInvalid, match="No row") as caught:
            read(written(tmp_path, text), timeframe="5m")
        assert "naive_time" in caught.value.findings[0]
        told = read(written(tmp_path, text), timeframe="5m", timezone="Asia/Seoul")
        assert told.frame["ts"].to_list() == [datetime(2024, 1, 2, 0, 5, tzinfo=UTC)]

    def test_a_zone_that_puts_the_bars_into_the_night_is_found(self, tmp_path: Path) -> None:
        lines = "".join(f"005930,2024-01-02T{hour:02}:05:00-05:00,5\n" for hour in range(9, 15))
        raw = read(written(tmp_path, f"symbol,time,close\n{lines}"), timeframe="1h")
        assert codes(raw) == ["wrong_time_zone"]
        assert "outside the hours of XKRX in Asia/Seoul" in raw.findings[0].detail

    def test_parquet_stamps(self, tmp_path: Path) -> None:
        stamps = pl.Series(["2024-01-02", "2024-01-03"]).str.to_datetime()
        for number, (column, expected) in enumerate(
            [
                (stamps, []),
                (stamps.dt.replace_time_zone("UTC"), []),
                (stamps.dt.replace_time_zone("Asia/Seoul"), []),
                (stamps.dt.replace_time_zone("America/New_York"), ["wrong_time_zone"]),
                (stamps.dt.offset_by("9h"), ["naive_time"]),
            ]
        ):
            file = tmp_path / f"{number}.parquet"
            both = pl.DataFrame({"symbol": ["005930"] * 2, "date": column, "close": [5.0, 6.0]})
            safe = pl.DataFrame({"symbol": ["005930"], "date": [None], "close": [1.0]}, schema=both.schema)
            pl.concat([both, safe]).write_parquet(file)
            if expected:
                with pytest.raises(DataInvalid) as caught:
                    read(file)
                assert any(expected[0] in finding for finding in caught.value.findings)
            else:
                assert read(file).frame["ts"].to_list() == [date(2024, 1, 2), date(2024, 1, 3)]


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


class TestDatesAsked:
    def test_only_those_are_read(self, tmp_path: Path) -> None:
        request = PullRequest(start=date(2024, 1, 3), options={"path": str(written(tmp_path, TEXT)), "venue": "XKRX"})
        [raw] = FileSource().fetch(request)
        assert raw.frame["ts"].to_list() == [date(2024, 1, 3)]


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
