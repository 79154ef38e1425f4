"""What cannot work is refused with what is wrong and what to do; nothing of it is stored."""

from __future__ import annotations

import subprocess
from pathlib import Path

import polars as pl
import pytest
from tests.journeys.command import MIDAS, Done, Inside, Midas, Write

RUN = ("backtest", "run", "--strategy", "sma_cross")
CSV = "date,symbol,open,high,low,close,volume\n" + "".join(
    f"2024-01-0{day},005930,{o},{o + 500},{o - 500},{o},{1000 + day}\n"
    for day, o in ((2, 76000), (3, 76500), (4, 77000))
)


def told(done: Done, code: int, *words: str) -> dict[str, object]:
    """Check how a refusal ended and that it says these things."""
    assert done.code == code, done.out + done.err
    said = " ".join([done.error["detail"], done.error["hint"], *done.error["findings"]])
    for word in words:
        assert word.lower() in said.lower(), said
    assert done.error["hint"]
    return done.error


class TestRun:
    def refused(self, midas: Midas, code: int, words: tuple[str, ...], *said: str) -> dict[str, object]:
        return told(midas(*RUN, *words, "--json"), code, *said)

    def test_unknown_symbol(self, reading: Midas) -> None:
        error = self.refused(reading, 3, ("--symbols", "APPL"), "APPL", "did you mean", "AAPL")
        assert error["code"] == "unknown_symbol"

    def test_unknown_universe(self, reading: Midas) -> None:
        self.refused(reading, 3, ("--universe", "sampel"), "sampel", "sample")

    def test_unknown_strategy(self, reading: Midas) -> None:
        done = reading("backtest", "run", "--strategy", "sma_cros", "--universe", "sample", "--json")
        told(done, 3, "sma_cros", "did you mean", "sma_cross")

    def test_no_universe_and_no_symbols(self, reading: Midas) -> None:
        self.refused(reading, 2, (), "universe", "symbols")

    def test_end_before_start(self, reading: Midas) -> None:
        dates = ("--start", "2006-01-03", "--end", "2005-01-03")
        self.refused(reading, 2, ("--universe", "sample", *dates), "2006-01-03", "2005-01-03")

    def test_a_range_without_sessions(self, reading: Midas) -> None:
        dates = ("--start", "2050-01-01", "--end", "2050-12-31")
        error = self.refused(reading, 2, ("--universe", "sample", *dates), "2050-01-01", "2013-03-01")
        assert error["code"] == "empty_range"

    def test_no_such_day(self, reading: Midas) -> None:
        self.refused(reading, 2, ("--universe", "sample", "--start", "2005-02-30"), "2005-02-30", "YYYY-MM-DD")

    @pytest.mark.parametrize("capital", ["0", "-1", "1e30", "NaN", "inf"])
    def test_capital_that_is_none(self, reading: Midas, capital: str) -> None:
        self.refused(reading, 2, ("--universe", "sample", "--initial-capital", capital), "capital")

    @pytest.mark.parametrize("flag", ["--commission-bps", "--slippage-bps"])
    @pytest.mark.parametrize("cost", ["nan", "-5", "1e9"])
    def test_costs_that_are_none(self, reading: Midas, flag: str, cost: str) -> None:
        self.refused(reading, 2, ("--universe", "sample", flag, cost), flag.strip("-").split("-")[0])

    @pytest.mark.parametrize("value", ["nan", "inf", "1", "5000", "ten"])
    def test_a_parameter_out_of_its_range(self, reading: Midas, value: str) -> None:
        error = self.refused(reading, 2, ("--universe", "sample", "--set", f"slow={value}"), "slow")
        assert str(error["type"]).endswith(":strategy_invalid")

    def test_a_misspelt_parameter(self, reading: Midas) -> None:
        self.refused(reading, 2, ("--universe", "sample", "--set", "fats=10"), "fats", "did you mean", "fast")

    def test_people_read_it_on_stderr(self, midas: Midas) -> None:
        done = midas(*RUN, "--symbols", "APPL")
        assert done.code == 3
        assert done.out == ""
        assert done.err.startswith("error: ")
        assert "\nnext:  Did you mean 'AAPL" in done.err

    def test_nothing_is_stored(self, inside: Midas) -> None:
        inside(*RUN, "--universe", "sample", "--initial-capital", "1e30")
        assert inside("backtest", "list", "--json").json == []


class TestStrategyFile:
    def refused(self, midas: Midas, file: Path, *said: str) -> None:
        error = told(midas("backtest", "run", "--strategy", file, "--universe", "sample", "--json"), 2, *said)
        assert str(error["type"]).endswith(":strategy_invalid")
        assert midas("strategy", "check", file, "--json").code == 2

    def test_python_in_yaml(self, reading: Midas, write: Write, tmp_path: Path) -> None:
        mark = tmp_path / "owned"
        file = write("evil.yaml", f"name: evil\ntargets: !!python/object/apply:os.system ['touch {mark}']\n")
        self.refused(reading, file, "python")
        assert not mark.exists()

    @pytest.mark.parametrize("text", ["__import__('os').getcwd()", "close.__class__", "(lambda: close)()", "open('x')"])
    def test_python_in_an_expression(self, reading: Midas, write: Write, text: str) -> None:
        self.refused(reading, write("evil.yaml", f"name: evil\ntargets: {text!r}\n"))

    def test_an_expression_300_deep(self, reading: Midas, write: Write) -> None:
        self.refused(reading, write("deep.yaml", f"name: deep\ntargets: {'(' * 300}close{')' * 300}\n"), "deep")

    def test_a_look_into_the_future(self, reading: Midas, write: Write) -> None:
        self.refused(
            reading, write("future.yaml", "name: future\ntargets: close.shift(-1).top(1).normalise()\n"), "shift"
        )

    def test_a_file_that_is_not_there(self, reading: Midas) -> None:
        done = reading("backtest", "run", "--strategy", "missing.yaml", "--universe", "sample", "--json")
        told(done, 3, "missing.yaml")


class TestImport:
    def imported(self, midas: Midas, file: Path, *more: str) -> Done:
        return midas("data", "import", file, "--venue", "XKRX", "--timeframe", "1d", "--json", *more)

    def test_the_file_is_good_as_it_is(self, empty_inside: Midas, write: Write) -> None:
        report = self.imported(empty_inside, write("good.csv", CSV)).json
        assert (report["rows"], report["symbols"], report["dataset"]["name"]) == (3, 1, "xkrx-1d")

    def test_a_truncated_parquet_file(self, empty_inside: Midas, write: Write) -> None:
        whole = empty_inside.folder / "whole.parquet"
        pl.read_csv(CSV.encode()).write_parquet(whole)
        file = write("cut.parquet", whole.read_bytes()[:-40])
        told(self.imported(empty_inside, file), 4, "cut.parquet")
        assert empty_inside("data", "list", "--json").json == []

    def test_a_wrong_delimiter(self, empty_inside: Midas, write: Write) -> None:
        told(self.imported(empty_inside, write("semi.csv", CSV.replace(",", "~"))), 2, "semi.csv")

    def test_a_byte_order_mark_is_no_error(self, empty_inside: Midas, write: Write) -> None:
        assert self.imported(empty_inside, write("bom.csv", "\ufeff" + CSV)).json["rows"] == 3

    def test_a_defect_imports_nothing_and_is_named(self, empty_inside: Midas, write: Write) -> None:
        bad = CSV.replace("2024-01-03,005930,76500,77000,76000", "2024-01-03,005930,76500,70000,76000")
        error = told(self.imported(empty_inside, write("bad.csv", bad)), 4, "2024-01-03", "--skip-bad")
        assert error["findings"]
        assert empty_inside("data", "list", "--json").json == []

    def test_skip_bad_says_what_it_left_out(self, empty_inside: Midas, write: Write) -> None:
        bad = CSV.replace("2024-01-03,005930,76500,77000,76000", "2024-01-03,005930,76500,70000,76000")
        report = self.imported(empty_inside, write("bad.csv", bad), "--skip-bad").json
        assert report["rows"] == 2
        assert any("2024-01-03" in each for each in report["skipped"])

    def test_a_file_that_is_not_there(self, empty_inside: Midas) -> None:
        told(self.imported(empty_inside, Path("none.csv")), 3, "none.csv")

    def test_two_at_once_leave_one_whole_dataset(self, empty: Midas, write: Write) -> None:
        file = write("good.csv", CSV)
        words = [MIDAS, "data", "import", file, "--venue", "XKRX", "--json"]
        both = [
            subprocess.Popen(words, env=empty.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        ended = [Done(each.wait(120), *each.communicate()) for each in both]
        assert all(done.code in (0, 5) for done in ended), ended
        assert any(done.code == 0 for done in ended)
        inside = Inside(empty.home, empty.folder)
        assert [each["rows"] for each in inside("data", "list", "--json").json] == [3]
        assert inside("data", "check", "xkrx-1d", "--json").json["ok"]


TICKS = "symbol,time,price,size,received\n" + "".join(
    f"005930,2024-01-0{day}T09:00:0{second}.5+09:00,76{second}00,{10 + second},2024-01-0{day}T09:00:0{second}.7+09:00\n"
    for day in (2, 3)
    for second in range(5)
)


class TestTicks:
    def imported(self, midas: Midas, file: Path, *more: str) -> Done:
        return midas("data", "import", file, "--venue", "XKRX", "--timeframe", "tick", "--json", *more)

    def test_the_file_is_good_as_it_is(self, empty_inside: Midas, write: Write) -> None:
        report = self.imported(empty_inside, write("good.csv", TICKS)).json
        assert (report["rows"], report["symbols"], report["dataset"]["name"]) == (10, 1, "xkrx-tick")

    @pytest.mark.parametrize(
        ("good", "bad", "words"),
        [
            ("76200", "-76200", ("non_positive_price", "-76200")),
            ("76200", "762o0", ("bad_number", "762o0")),
            ("76200", "", ("nan", "price is missing")),
            ("76200", "762000000", ("spike",)),
            (",12,", ",-12,", ("negative_volume", "-12")),
            ("2024-01-02T09:00:02.5+09:00", "2024-01-02T09:00:02.5", ("naive_time", "line 4")),
            ("2024-01-02T09:00:02.5+09:00", "soon", ("bad_date", "soon")),
            ("2024-01-02T09:00:02.5+09:00", "2024-01-01T09:00:02.5+09:00", ("closed_day", "2024-01-01")),
            ("2024-01-02T09:00:02.5+09:00", "2124-01-02T09:00:02.5+09:00", ("future_date",)),
            ("+09:00", "+00:00", ("wrong_time_zone", "Asia/Seoul")),
            ("005930,2024-01-02T09:00:02", "59?30,2024-01-02T09:00:02", ("wrong_symbol", "59?30")),
        ],
    )
    def test_a_defect_imports_nothing_and_is_named(
        self, empty_inside: Midas, write: Write, good: str, bad: str, words: tuple[str, ...]
    ) -> None:
        assert good in TICKS
        told(self.imported(empty_inside, write("bad.csv", TICKS.replace(good, bad))), 4, *words, "--skip-bad")
        assert empty_inside("data", "list", "--json").json == []

    @pytest.mark.parametrize(("column", "hint"), [("price", "--map price"), ("size", "--map size"), ("time", "time")])
    def test_a_missing_column(self, empty_inside: Midas, write: Write, column: str, hint: str) -> None:
        told(self.imported(empty_inside, write("bare.csv", TICKS.replace(f",{column}", ",x", 1))), 2, column, hint)

    def test_a_truncated_file(self, empty_inside: Midas, write: Write) -> None:
        told(self.imported(empty_inside, write("cut.csv", TICKS[:-60])), 4, "truncated_file")


class TestStorage:
    def test_a_corrupted_database(self, midas: Midas, inside: Midas) -> None:
        database = midas.home / "midas.db"
        database.write_bytes(b"this is not a database" * 100)
        error = told(midas("backtest", "list", "--json"), 7, "midas.db", "move it away")
        assert error["code"] == "database_corrupt"
        doctor = inside("doctor", "--json")
        assert doctor.code == 7
        assert [each["name"] for each in doctor.json["checks"] if each["status"] == "broken"] == ["database"]
        assert database.read_bytes().startswith(b"this is not")

    def test_a_home_that_is_a_file(self, empty_inside: Midas) -> None:
        empty_inside.home.write_text("")
        assert empty_inside("data", "list", "--json").code == 6
