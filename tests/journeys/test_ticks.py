"""A person imports ticks, lets a strategy trade them on paper, and finds what the backtest of their bars found."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random

from tests.journeys.command import Inside, Midas
from tests.laws.killed_trader import Deaths, trade_through

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ticks.csv"
IMPORT = ("data", "import", EXAMPLE, "--venue", "XKRX", "--timeframe", "tick", "--timezone", "Asia/Seoul", "--json")
STRATEGY = ("--strategy", "sma_cross", "--set", "fast=3", "--set", "slow=8", "--universe", "xkrx-tick")
CAPITAL = ("--initial-capital", "10000000")


def test_from_a_file_to_parity_though_the_trader_was_killed(empty: Midas) -> None:
    inside = Inside(empty.home, empty.folder)
    report = inside(*IMPORT)
    assert report.code == 0, report.out + report.err
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert report.json["rows"] == len(lines) - 1
    assert inside(*IMPORT).json["unchanged"]
    [listed] = inside("data", "list", "--json").json
    assert (listed["name"], listed["timeframe"], listed["rows"], listed["symbols"]) == (
        "xkrx-tick", "tick", len(lines) - 1, 2,
    )  # fmt: skip
    assert (listed["first"], listed["last"]) == ("2024-07-02", "2024-07-03")
    shown = inside("data", "show", "xkrx-tick").out
    assert f"{len(lines) - 1} ticks of 2 symbols" in shown
    assert "bars" not in shown
    assert inside("data", "check", "xkrx-tick", "--json").json["ok"]

    where = (*STRATEGY, "--timeframe", "5m")
    started = inside("run", "start", *where, "--feed", "replay:2024-07-03..", *CAPITAL, "--json")
    assert started.code == 0, started.out + started.err
    run = started.json["id"]
    assert trade_through(empty, Deaths(1, 60, 0.2), Random(7)) == 1
    status = inside("run", "status", run, "--json").json
    assert status["run"]["reason"] == "the feed ended"
    tested = inside("backtest", "run", *where, "--start", "2024-07-03", *CAPITAL, "--json").json["summary"]
    assert status["fills"] == tested["fills"] > 3
    assert Decimal(str(status["equity"])) == Decimal(str(tested["final_equity"]))
    told = inside("run", "parity", run, "--json").json
    assert (told["differing"], told["unexplained"], told["through"]) == (0, "0", "2024-07-03")

    # what is held is worth what the run's last bars said
    held = inside("position", "list", "--account", "paper", "--json").json
    assert {each["last_on"] for each in held} == {"2024-07-03"}
    worth = sum(Decimal(str(each["value"])) for each in held) + Decimal(str(status["cash"]))
    assert worth == Decimal(str(status["equity"]))
    assert "on 2024-07-03" in inside("instrument", "show", "005930").out
    listed = inside("instrument", "bars", "005930", "--dataset", "xkrx-tick", "--json")
    assert listed.error["code"] == "timeframe_unsupported"

    refused = inside("backtest", "run", *STRATEGY, "--json")
    assert (refused.code, refused.error["code"]) == (2, "timeframe_needed")
    bars = inside("data", "import", EXAMPLE.with_name("prices.csv"), "--venue", "XKRX", "--name", "xkrx-tick", "--json")
    assert bars.error["code"] == "dataset_mismatch"
    assert inside("data", "delete", "xkrx-tick", "--yes").code == 0
    assert inside("data", "list", "--json").json == []
