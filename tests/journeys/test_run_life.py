"""A run's life with a trader process beside it: draft, paper, paused, stopped, and no way to real money."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.command import MIDAS, Midas

from midas.db import accounts, runs
from midas.db.accounts import AccountRecord
from midas.db.database import Database
from midas.db.runs import RunRecord

RUN = ("run", "start", "--strategy", "sma_cross", "--set", "fast=3", "--set", "slow=8", "--symbols", "AAPL,MSFT")
NOW_UTC = datetime(2026, 1, 5, tzinfo=UTC)
LIVE = "real.1"
FAR_AWAY = {"KIS_APP_KEY": "canary-kis", "ALPACA_SECRET": "canary-alpaca", "KITE_TOKEN": "canary-kite"}


def waited(look: Callable[[], Any], within_s: float = 90.0) -> Any:
    """Return what `look` finds once it finds something."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to that in time")


def status(inside: Midas, run: str) -> Any:
    return inside("run", "status", run, "--json").json


def acts(inside: Midas, run: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = inside("run", "logs", run, "--after", "0", "--limit", "1000", "--json").json
    return found


class TestDraft:
    def test_does_nothing_until_it_is_told_to_go_on(self, inside: Midas) -> None:
        drafted = inside(*RUN, "--feed", "replay:2000-07-03..2000-09-29", "--draft", "--json").json
        assert drafted["state"] == "draft"
        assert inside("trader", "--until-idle").code == 0
        assert status(inside, drafted["id"])["orders"] == 0
        assert inside("run", "pause", drafted["id"], "--json").error["code"] == "bad_move"
        assert inside("run", "resume", drafted["id"], "--json").json["state"] == "paper"
        assert inside("trader", "--until-idle").code == 0
        assert status(inside, drafted["id"])["fills"] > 0
        assert [line["act"] for line in acts(inside, drafted["id"])][1:3] == ["run.drafted", "run.paper"]


class TestPause:
    def test_a_paused_run_hears_the_market_and_orders_nothing(self, inside: Midas) -> None:
        run = inside(*RUN, "--feed", "replay:2000-07-03..2003-06-30@3000000", "--json").json["id"]
        trader = inside.start("trader", "--lease", "60")
        try:
            waited(lambda: status(inside, run)["fills"] >= 2, within_s=180.0)
            paused = inside("run", "pause", run, "--reason", "lunch", "--json").json
            assert (paused["state"], paused["reason"]) == ("paused", "lunch")
            line = next(each for each in acts(inside, run) if each["act"] == "run.paused")
            assert line["detail"] == {"why": "lunch"}
            # the trader looks four times a second
            time.sleep(2.0)
            before, heard = status(inside, run), acts(inside, run)[-1]["n"]
            after = waited(lambda: _further(status(inside, run), before["run"]["row"] + 25))
            assert after["orders"] == before["orders"]
            assert after["orders_open"] == 0
            assert [each for each in acts(inside, run) if each["n"] > heard and each["who"] == run] == []
            inside("run", "resume", run)
            waited(lambda: status(inside, run)["orders"] > before["orders"])
            stopped = inside("run", "stop", run, "--reason", "enough", "--json").json
            assert (stopped["state"], stopped["reason"]) == ("stopped", "enough")
            waited(lambda: status(inside, run)["orders_open"] == 0)
        finally:
            trader.send_signal(signal.SIGTERM)
            _, err = trader.communicate(timeout=60)
        assert trader.returncode == 0, err


def _further(found: Any, row: int) -> Any:
    return found if found["run"]["row"] >= row else None


@pytest.fixture
def with_live(inside: Midas) -> Midas:
    """A home with a live account, as no command can make one yet, and a run on it that says it is live."""
    paper = inside(*RUN, "--feed", "replay:2000-07-03..2000-09-29", "--draft", "--json").json["id"]
    record = AccountRecord(LIVE, "real", 1, "live", "kis", "USD", 100_000_00, "local", {}, NOW_UTC)

    async def planted() -> None:
        with closing(Database.open(inside.home / "midas.db")) as database:
            await database.write(accounts.add, record, "local")
            like = await database.read(runs.show, paper)
            await database.write(
                runs.add, RunRecord("dead", LIVE, like.strategy, "live", "", like.document, NOW_UTC)
            )  # fmt: skip

    asyncio.run(planted())
    return inside


class TestNoLiveMoney:
    def test_a_trader_gives_a_live_run_up_and_sends_nothing(self, with_live: Midas, tmp_path: Path) -> None:
        done = subprocess.run(
            [MIDAS, "trader", "--until-idle"],
            env=with_live.environment(**FAR_AWAY), cwd=tmp_path, capture_output=True, text=True, timeout=280,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = status(with_live, "dead")
        assert (found["run"]["state"], found["orders"], found["fills"]) == ("stopped", 0, 0)
        assert "live" in found["run"]["reason"]
        given_up = [line for line in acts(with_live, "dead") if line["act"] == "run.given_up"]
        assert [line["detail"]["code"] for line in given_up] == ["paper_only"]
        assert "canary" not in done.stdout + done.stderr
        for file in with_live.home.rglob("*"):
            if file.is_file() and file.stat().st_size < 10_000_000:
                assert b"canary-" not in file.read_bytes()

    def test_an_order_by_hand_is_refused_and_not_stored(self, with_live: Midas) -> None:
        asked = ("order", "place", "buy", "1", "AAPL.XNAS", "--account", "real", "--time", "gtc", "--json")
        assert with_live(*asked).error["code"] == "live_not_confirmed"
        refused = with_live(*asked, "--yes")
        assert refused.error["code"] == "paper_only", refused.error
        assert refused.code == 8
        assert with_live("order", "list", "--account", "real", "--json").json == []

    def test_a_paper_run_cannot_be_armed_nor_a_live_one_started(self, with_live: Midas) -> None:
        paper = with_live("run", "list", "--json").json
        draft = next(each["id"] for each in paper if each["account"] == "paper.1")
        assert with_live("run", "arm", draft, "--yes", "--json").error["code"] == "paper_only"
        feed = ("--feed", "replay:2000-07-03..2000-09-29", "--account", "real")
        assert with_live(*RUN, *feed, "--json").error["code"] == "paper_only"
        kept = with_live(*RUN, *feed, "--draft", "--json").json
        assert kept["state"] == "draft"
        assert with_live("run", "resume", kept["id"], "--json").error["code"] == "arm_first"
        refused = with_live("run", "arm", kept["id"], "--json")
        assert (refused.code, refused.error["code"]) == (8, "no_adapter")
        told = [each.partition(":")[0] for each in refused.error["findings"]]
        assert told == ["no_adapter", "paper_days_missing", "limits_missing", "live_not_confirmed"]
        with_live("risk", "limits", "real", "--set", "max_notional=1000")
        refused = with_live("run", "arm", kept["id"], "--yes", "--json")
        told = [each.partition(":")[0] for each in refused.error["findings"]]
        assert told == ["no_adapter", "paper_days_missing"]
        assert "paper account" in refused.error["hint"]
        assert with_live("run", "status", kept["id"], "--json").json["run"]["state"] == "draft"
        said = with_live("run", "arm", kept["id"], "--yes").err
        assert "paper_days_missing" in said

    def test_days_on_paper_are_counted_by_the_strategy(self, with_live: Midas) -> None:
        feed = ("--feed", "replay:2000-07-03..2000-09-29")
        traded = with_live(*RUN, *feed, "--account", "other", "--json").json["id"]
        assert with_live("trader", "--until-idle").code == 0
        assert status(with_live, traded)["fills"] > 0
        kept = with_live(*RUN, *feed, "--account", "real", "--draft", "--json").json["id"]
        refused = with_live("run", "arm", kept, "--json").error
        assert any("ordered on paper on 1 days" in each for each in refused["findings"])
