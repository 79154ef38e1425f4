"""A person trades on paper as time goes by: each evening the dataset grows, and the run goes on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.journeys.command import Midas, Write

from midas.venues.catalogue import venue

DAYS = venue("XNAS", "USD").calendar.sessions(date(2023, 9, 1), date(2023, 12, 29)).tolist()
STRATEGY = ("--strategy", "sma_cross", "--set", "fast=2", "--set", "slow=6", "--universe", "mine")
RUN = ("run", "start", *STRATEGY, "--feed", "follow")
Bars = list[list[object]]


@pytest.fixture(scope="module")
def bars() -> Bars:
    draw, made = random.Random(7), Bars()
    level = {"AAA": 50.0, "BBB": 20.0}
    for day in DAYS:
        for name in level:
            opened = level[name]
            level[name] = round(opened * draw.uniform(0.96, 1.04), 2)
            made.append(
                [name, day, opened, max(opened, level[name]) + 0.1, min(opened, level[name]) - 0.1, level[name]]
            )
    return made


def imported(midas: Midas, write: Write, bars: Bars, days: Sequence[date]) -> None:
    rows = [",".join(map(str, [*bar, 1_000_000])) for bar in bars if bar[1] in days]
    file: Path = write("more.csv", "\n".join(["symbol,date,open,high,low,close,volume", *rows]))
    done = midas("data", "import", file, "--venue", "XNAS", "--name", "mine", "--json")
    assert done.code == 0, done.out + done.err


def test_each_evening_the_run_goes_on(empty_inside: Midas, write: Write, bars: Bars) -> None:
    inside = empty_inside
    imported(inside, write, bars, DAYS[:30])
    started = inside(*RUN, "--json")
    assert started.code == 0, started.out + started.err
    run, begins = started.json["id"], DAYS[30]
    assert date.fromisoformat(started.json["feed"].removeprefix("follow:")) in range_of(DAYS[29], begins)
    assert "data  " not in inside("run", "status", run).out
    stops = (30, 50)
    for stop, next_stop in zip(stops, (*stops[1:], 50), strict=True):
        traded = inside("trader", "--until-idle")
        assert traded.code == 0, traded.err
        status = inside("run", "status", run, "--json").json
        following = status["following"]
        assert (status["run"]["state"], following["corrected"], following["late"]) == ("paper", 0, 0)
        assert following["last_bar"].startswith(f"{DAYS[stop - 1]}T21:00" if stop > 45 else f"{DAYS[stop - 1]}T20:00")
        assert following["since"] is not None
        assert f"last bar {DAYS[stop - 1]}" in inside("run", "status", run).out
        imported(inside, write, bars, DAYS[stop:next_stop] or DAYS[:1])
    # with nothing new it waits since then, and the same data again is no news
    assert inside("trader", "--until-idle").code == 0
    assert inside("run", "status", run, "--json").json["following"] == following
    tested = inside("backtest", "run", *STRATEGY, "--start", str(begins), "--json").json["summary"]
    assert status["fills"] == tested["fills"] > 5
    assert Decimal(str(status["equity"])) == Decimal(str(round(tested["final_equity"], 2)))
    told = inside("run", "parity", run, "--json").json
    assert (told["differing"], told["unexplained"], told["through"]) == (0, "0.00", str(DAYS[49]))
    assert status["parity"]["through"] == str(DAYS[49])
    # an order by hand meets the next bar, once a trader saw that all bars there were are told
    held = inside("position", "list", "--account", "paper", "--json").json[0]["instrument"]
    placed = inside("order", "place", "sell", "3", held, "--account", "paper", "--time", "gtc", "--json")
    assert placed.code == 0, placed.out + placed.err
    assert inside("trader", "--until-idle").code == 0
    # a bar of the past turns out otherwise, and one day is imported behind later ones
    changed = [[*bar[:2], *(round(float(str(price)) + 0.5, 2) for price in bar[2:])] for bar in bars]
    imported(inside, write, changed, [DAYS[40]])
    imported(inside, write, bars, [DAYS[50]])
    assert inside("trader", "--until-idle").code == 0
    after = inside("run", "status", run, "--json").json
    assert after["following"]["corrected"] == 1
    shown = inside("order", "show", placed.json["id"], "--json").json
    assert shown["state"] == "filled", shown
    lines = inside("run", "logs", run, "--limit", "1000", "--json").json
    [corrected] = [line for line in lines if line["act"] == "feed.corrected"]
    assert corrected["detail"]["first"] == str(DAYS[40])
    assert "1 rows corrected later" in inside("run", "status", run).out
    assert inside("ledger", "verify", "--json").code == 0
    # what is over waits for nothing
    assert inside("run", "stop", run).code == 0
    assert inside("run", "status", run, "--json").json["following"] is None


def test_an_account_that_only_a_person_trades(empty_inside: Midas, write: Write, bars: Bars) -> None:
    inside = empty_inside
    imported(inside, write, bars, DAYS[:30])
    begun = inside("run", "start", "--strategy", "by_hand", "--universe", "mine", "--account", "hand", *RUN[-2:], "-q")
    assert begun.code == 0, begun.err
    assert inside("trader", "--until-idle").code == 0
    placed = inside("order", "place", "buy", "3", "AAA", "--account", "hand", "--time", "gtc", "--json")
    assert placed.code == 0, placed.err
    assert inside("trader", "--until-idle").code == 0
    assert inside("order", "show", placed.json["id"], "--json").json["state"] == "open"
    imported(inside, write, bars, DAYS[30:32])
    assert inside("trader", "--until-idle").code == 0
    prices = {bar[1]: bar[2:6] for bar in bars if bar[0] == "AAA"}
    opened, closed = Decimal(str(prices[DAYS[30]][0])), Decimal(str(prices[DAYS[31]][3]))
    [trade] = inside("trade", "list", "--account", "hand", "--json").json
    assert (Decimal(trade["entry_price"]), Decimal(trade["quantity"])) == (opened, 3)
    status = inside("run", "status", begun.out.strip(), "--json").json
    assert Decimal(status["equity"]) == Decimal(status["cash"]) + 3 * closed
    told = inside("run", "parity", "--json").json
    assert (told["differing"], told["unexplained"]) == (0, "0.00")


def range_of(after: date, until: date) -> list[date]:
    return [date.fromordinal(day) for day in range(after.toordinal() + 1, until.toordinal() + 1)]


def test_what_cannot_begin_is_refused(empty_inside: Midas, write: Write, bars: Bars) -> None:
    imported(empty_inside, write, bars, DAYS[:5])
    assert empty_inside(*RUN, "--json").error["code"] == "too_short"
    imported(empty_inside, write, bars, DAYS[5:30])
    assert empty_inside(*RUN[:-1], "follow:2030-01-02", "--json").error["code"] == "start_ahead"
    assert empty_inside(*RUN[:-1], f"follow:{DAYS[20]}", "--json").code == 0
    # its names stay those it began with, and so do its account's
    imported(empty_inside, write, [["CCC", *bar[1:]] for bar in bars if bar[0] == "AAA"], DAYS[:30])
    assert empty_inside(*RUN[:-1], f"follow:{DAYS[20]}", "--json").error["code"] == "other_market"
    assert empty_inside("trader", "--until-idle").code == 0
    assert empty_inside(*RUN, "--json").error["code"] == "other_market"
    # another account has met the bars that a second run would begin with
    mine = (*RUN[:-1], f"follow:{DAYS[20]}", "--account", "mine", "--json")
    assert empty_inside(*mine).code == 0
    assert empty_inside("trader", "--until-idle").code == 0
    assert empty_inside(*mine).error["code"] == "account_ahead"
