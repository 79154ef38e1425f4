"""When the bars of a file were: days and stamps however they are written, or a message that says what is in doubt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.integrations.files import TEXT, codes, read, written

from midas.core.errors import DataInvalid, InvalidInput
from midas.integrations.file.source import FileSource
from midas.marketdata.source import PullRequest


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


class TestDatesAsked:
    def test_only_those_are_read(self, tmp_path: Path) -> None:
        request = PullRequest(start=date(2024, 1, 3), options={"path": str(written(tmp_path, TEXT)), "venue": "XKRX"})
        [raw] = FileSource().fetch(request)
        assert raw.frame["ts"].to_list() == [date(2024, 1, 3)]
