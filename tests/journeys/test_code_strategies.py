"""A backtest of code made in Python, and looked at from the command line; there code itself is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.journeys.command import Midas

from midas.client.client import Client
from midas.strategies.event import Context, EventBar, EventStrategy


class Dipper(EventStrategy):
    """Buys below the market and sells above it."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        close = float(bar.close[0])
        if ctx.position():
            ctx.sell(ctx.position(), limit=close * 1.05)
        else:
            ctx.buy(0.9 * ctx.cash / close, limit=close * 0.97)
        if bar.row % 100 == 0:
            ctx.buy(float("nan"))


@pytest.fixture
def made(inside: Midas) -> str:
    with Client.open(home=inside.home) as client:
        return client.backtests.run(Dipper(), symbols=["AAPL"], start="2009-01-01", end="2011-12-30").id


def test_a_result_of_code_is_shown_listed_compared_and_exported(inside: Midas, made: str, tmp_path: Path) -> None:
    shown = inside("backtest", "show", made)
    assert shown.code == 0, shown.err
    for told in ("dipper", "bad quantity", "2009-01-02"):
        assert told in shown.out
    plain = inside("backtest", "run", "--strategy", "buy_and_hold", "--symbols", "AAPL", "--json").json["id"]
    assert {each["id"] for each in inside("backtest", "list", "--json").json} == {made, plain}
    assert inside("backtest", "compare", made, plain).code == 0
    for what in ("equity", "fills", "trades", "positions", "rejects"):
        assert inside("backtest", "export", made, "--what", what, "--output", tmp_path / f"{what}.csv").code == 0
    assert "bad_quantity" in (tmp_path / "rejects.csv").read_text()
    assert inside("backtest", "report", made, "--output", tmp_path / "sheet.html").code == 0
    assert "The quantity was no number above zero." in (tmp_path / "sheet.html").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("backtest", "run", "--symbols", "AAPL"),
        ("run", "start", "--symbols", "AAPL", "--feed", "replay:2010-01-04..2010-12-31"),
        ("sweep", "run", "--symbols", "AAPL", "--grid", "fast=2:4:1"),
    ],
)
def test_a_file_of_code_is_refused_with_what_to_do(
    reading: Midas, write: Callable[[str, str], Path], words: tuple[str, ...]
) -> None:
    write("mine.py", "print('never run')")
    done = reading(*words, "--strategy", "mine.py", "--json")
    assert done.code == 2
    assert done.error["code"] == "code_strategy"
    assert "never run" not in done.out + done.err
    assert "midas.open().backtests.run" in done.error["hint"]


def test_so_it_is_where_a_strategy_is_checked(reading: Midas) -> None:
    for verb in ("check", "explain"):
        done = reading("strategy", verb, "mine.py", "--json")
        assert (done.code, done.error["code"]) == (2, "code_strategy")
