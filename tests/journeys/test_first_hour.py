"""From no data to a result in a file, as a person would type it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from tests.journeys.command import Midas, Write

RUN = (
    "backtest",
    "run",
    "--strategy",
    "sma_cross",
    "--universe",
    "sample",
    "--start",
    "2005-01-03",
    "--end",
    "2007-12-31",
)
KEYS = {"id", "identity", "status", "strategy", "summary", "warnings"}
MEASURES = {
    "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "turnover", "win_rate",
    "trades", "fees", "taxes",
}  # fmt: skip
COLUMNS = {
    "fills": "ts,symbol,side,quantity,price,commission,tax,order_id",
    "equity": "ts,equity,cash,gross_exposure",
    "trades": "symbol,side,entry_ts,entry_price,exit_ts,exit_price,quantity,pnl,return,commission,tax",
    "positions": "ts,symbol,quantity,value",
}


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def test_pull_run_list_show_compare_export_report_delete(midas: Midas, inside: Midas) -> None:
    first = midas(*RUN, "--json").json
    second = inside(*RUN, "--set", "fast=5", "--set", "slow=25", "--json").json
    assert set(first) >= KEYS
    assert set(first["summary"]) >= MEASURES
    assert first["identity"] != second["identity"]

    assert [each["id"] for each in inside("backtest", "list", "--json").json] == [second["id"], first["id"]]

    shown = inside("backtest", "show", first["id"][:8], "--json").json
    assert shown["summary"] == first["summary"]

    compared = inside("backtest", "compare", first["id"], second["id"], "--json").json
    by_name = {row["measure"]: row["values"] for row in compared["rows"]}
    assert by_name["sharpe"] == [first["summary"]["sharpe"], second["summary"]["sharpe"]]

    for what, columns in COLUMNS.items():
        file = midas.folder / f"{what}.csv"
        export = midas if what == "fills" else inside
        assert export("backtest", "export", first["id"], "--what", what, "--format", "csv", "--output", file).code == 0
        assert file.read_text().splitlines()[0] == columns
    _series_say_what_the_summary_says(midas.folder, first["summary"])

    report = midas("backtest", "report", first["id"], "-q")
    sheet = Path(report.out.strip())
    assert sheet.parent == midas.home / "reports"
    assert sheet.read_text().lstrip().lower().startswith("<!doctype html>")

    assert inside("backtest", "delete", first["id"], "--json").json == {"deleted": [first["id"]]}
    gone = inside("backtest", "show", first["id"], "--json")
    assert gone.code == 3
    assert [each["id"] for each in inside("backtest", "list", "--json").json] == [second["id"]]


def _series_say_what_the_summary_says(folder: Path, summary: dict[str, float]) -> None:
    fills, trades, equity = (rows(folder / f"{what}.csv") for what in ("fills", "trades", "equity"))
    assert sum(float(row["commission"]) for row in fills) == pytest.approx(summary["fees"], abs=1e-6)
    assert sum(float(row["tax"]) for row in fills) == pytest.approx(summary["taxes"], abs=1e-6)
    assert sum(row["exit_ts"] != "" for row in trades) == summary["trades"]
    first, last = float(equity[0]["equity"]), float(equity[-1]["equity"])
    assert first == 100_000
    assert last / first - 1 == pytest.approx(summary["total_return"], rel=1e-9)
    assert equity[0]["ts"] >= "2005-01-03"
    assert equity[-1]["ts"] == "2007-12-31"


def test_the_same_question_is_answered_from_the_store(midas: Midas, inside: Midas) -> None:
    first = inside(*RUN, "--json").json
    again = midas(*RUN, "--json").json
    fresh = inside(*RUN, "--fresh", "--json").json
    assert (first["cached"], again["cached"], fresh["cached"]) == (False, True, False)
    assert first["identity"] == again["identity"] == fresh["identity"]
    assert first["summary"] == again["summary"] == fresh["summary"]


class TestRunOutput:
    def test_each_ending_has_its_form(self, inside: Midas) -> None:
        document = inside.folder / "run.json"
        done = inside(*RUN, "--output", document, "--json")
        assert json.loads(document.read_text())["id"] == done.json["id"]
        inside(*RUN, "--output", inside.folder / "run.html", "-q")
        assert (inside.folder / "run.html").read_text().lstrip().lower().startswith("<!doctype html>")
        inside(*RUN, "--output", inside.folder / "run.parquet", "-q")
        inside(*RUN, "--output", inside.folder / "run.csv", "-q")
        frame = pl.read_parquet(inside.folder / "run.parquet")
        assert frame.columns == COLUMNS["equity"].split(",")
        assert frame.height == len(rows(inside.folder / "run.csv"))

    def test_another_ending_is_refused_before_anything_runs(self, inside: Midas) -> None:
        done = inside(*RUN, "--output", "run.xlsx", "--json")
        assert (done.code, done.error["code"]) == (2, "usage")
        assert ".json" in done.error["hint"]
        assert inside("backtest", "list", "--json").json == []


class TestForPeople:
    def test_run_shows_the_curve_the_numbers_and_the_id(self, inside: Midas) -> None:
        done = inside(*RUN)
        id_shown = inside("backtest", "list", "-q").out.strip()
        for text in ("sma_cross", "sample", id_shown, "█", "100,000.00", "USD", "Sharpe", "max drawdown", " %", "fees"):
            assert text in done.out
        assert "\x1b" not in done.out

    def test_a_terminal_without_blocks_gets_ascii(self, midas: Midas) -> None:
        done = midas(*RUN, PYTHONIOENCODING="ascii")
        assert done.code == 0
        assert done.out.isascii()

    def test_quiet_prints_the_id_alone(self, inside: Midas) -> None:
        assert inside(*RUN, "-q").out.strip() == inside(*RUN, "--json").json["id"]

    def test_the_list_is_a_table(self, inside: Midas) -> None:
        inside(*RUN, "-q")
        shown = inside("backtest", "list").out
        assert "drawdown" in shown
        assert "sma_cross" in shown


class TestStrategyFile:
    TEXT = """\
name: two_averages
params: {fast: 10, slow: 40}
targets: hold(entry=cross_above(close.mean(fast), close.mean(slow)),
              exit=cross_below(close.mean(fast), close.mean(slow))).slot()
"""

    def test_new_check_run(self, inside: Midas) -> None:
        assert inside("strategy", "new", "Mine", "--json").code == 2
        assert inside("strategy", "new", "mine").code == 0
        assert inside("strategy", "new", "mine", "--json").error["code"] == "already_exists"
        checked = inside("strategy", "check", "mine.yaml", "--json").json
        assert (checked["ok"], checked["name"], checked["every"]) == (True, "mine", "month_end")
        assert (
            inside("backtest", "run", "--strategy", "mine.yaml", "--universe", "sample", "--json").json["strategy"]
            == "mine"
        )

    def test_a_file_says_the_same_as_the_library(self, inside: Midas, write: Write) -> None:
        write("two.yaml", self.TEXT)
        ours = inside(*RUN[:2], "--strategy", "two.yaml", *RUN[4:], "--json").json
        library = inside(*RUN, "--set", "fast=10", "--set", "slow=40", "--json").json
        assert ours["summary"] == library["summary"]

    def test_save_update_show_delete(self, inside: Midas, write: Write) -> None:
        file = write("two.yaml", self.TEXT)
        assert inside("strategy", "save", file, "--json").json["version"] == 1
        taken = inside("strategy", "save", file, "--json")
        assert (taken.code, taken.error["code"]) == (5, "strategy_exists")
        assert inside("strategy", "save", file, "--update", "--json").json["version"] == 2
        assert "cross_above" in inside("strategy", "show", "two_averages").out
        assert "two_averages" in inside("strategy", "list", "-q").out.split()
        assert inside("strategy", "delete", "two_averages", "tow_averages").code == 3
        assert inside("strategy", "show", "two_averages", "--json").code == 0
        assert inside("strategy", "delete", "two_averages").code == 0
        assert inside("strategy", "show", "two_averages", "--json").code == 3
