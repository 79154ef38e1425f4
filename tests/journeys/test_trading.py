"""A person trades on paper: starts a run, watches it, pulls the switch, and reads what happened."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from tests.journeys.command import Inside, Midas
from tests.scale import scaled

FEED = "replay:2000-10-02..2001-01-31"
"""Early: a trader hears all there was before, as the strategy did."""
RUN = ("run", "start", "--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20", "--symbols", "AAPL,MSFT")


class TestPaper:
    def test_from_a_run_to_what_happened(self, inside: Midas) -> None:
        started = inside(*RUN, "--feed", FEED, "--json")
        assert started.code == 0, started.out + started.err
        run = started.json["id"]
        waiting = inside("run", "status", run, "--json").json
        assert waiting["trader"] is False
        assert waiting["run"]["row"] is None
        traded = inside("trader", "--until-idle")
        assert traded.code == 0, traded.err
        assert "reconciled, ready" in traded.err
        status = inside("run", "status", "--watch", "--json").json
        assert status["run"]["state"] == "stopped"
        assert status["run"]["reason"] == "the feed ended"
        assert status["fills"] > 3
        assert status["orders_open"] == status["orders_unknown"] == 0
        tested = inside(
            "backtest", "run", "--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20", "--symbols",
            "AAPL,MSFT", "--start", "2000-10-02", "--end", "2001-01-31", "--json",
        ).json  # fmt: skip
        assert status["fills"] == tested["summary"]["fills"]
        # what is held is worth what it was when the market ended, not what it came to be later
        held = inside("position", "list", "--account", "paper", "--json").json
        assert {each["last_on"] for each in held} == {"2001-01-31"}
        worth = sum(Decimal(str(each["value"])) for each in held) + Decimal(str(status["cash"]))
        assert worth == Decimal(str(status["equity"])) == Decimal(str(round(tested["summary"]["final_equity"], 2)))
        lines = inside("run", "logs", run, "--limit", "1000", "--json").json
        acts = [line["act"] for line in lines]
        assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
        for act in ("run.started", "order.stored", "order.sending", "order.accepted", "order.fill", "run.stopped"):
            assert act in acts
        stored = next(line for line in lines if line["act"] == "order.stored")
        assert {"strategy", "instrument", "side", "quantity", "last", "decided"} <= set(stored["detail"])
        assert "state" in inside("run", "status", run).out

    def test_a_trader_that_dies_at_its_nightly_job_leaves_it_to_the_next(self, midas: Midas, inside: Midas) -> None:
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        killed = midas("trader", "--until-idle", "--lease", "6", CRASHPOINT="before_parity:1")
        assert killed.code == -9, killed.err
        assert inside("run", "status", run, "--json").json["run"]["state"] == "paper"
        done = inside("trader", "--until-idle", "--lease", "6")
        assert done.code == 0, done.err
        told = inside("run", "parity", run, "--json").json
        assert (told["differing"], told["total"], told["unexplained"]) == (0, "0.00", "0.00")
        status = inside("run", "status", run, "--json").json
        assert told["trades"] == status["fills"] > 3
        assert status["parity"]["sentence"] == told["sentence"]
        lines = inside("run", "logs", run, "--limit", "1000", "--json").json
        done_for = [line["detail"]["session"] for line in lines if line["act"] == "job.done"]
        assert done_for[-1] == "2001-01-31"
        assert len(done_for) == len(set(done_for))
        assert "to the cent" in inside("run", "parity", run).out

    def test_the_switch_stops_and_says_so(self, inside: Midas) -> None:
        pulled = inside("risk", "kill", "--level", "PAUSE", "--why", "a test", "--json")
        assert pulled.code == 0, pulled.out
        assert {each["where"] for each in pulled.json} == {"database", "file"}
        assert (inside.home / "run" / "KILL").exists()
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        assert inside("trader", "--until-idle").code == 0
        status = inside("run", "status", run, "--json").json
        assert status["orders"] == status["fills"] == 0
        assert status["kill"] == "PAUSE"
        denied = [line for line in inside("run", "logs", run, "--json").json if line["act"] == "order.denied"]
        assert {line["detail"]["code"] for line in denied} == {"killed"}
        assert inside("risk", "release", "--why", "over", "--json").json == []
        assert not (inside.home / "run" / "KILL").exists()
        assert inside("risk", "pulled").out.strip() == "no switch is pulled"

    def test_limits_hold(self, inside: Midas) -> None:
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        kept = inside("risk", "limits", "paper", "--set", "max_notional=1000", "--json").json
        assert kept["limits"]["max_notional"] == "1000"
        assert inside("trader", "--until-idle").code == 0
        assert inside("run", "status", run, "--json").json["fills"] == 0
        denied = [line for line in inside("run", "logs", run, "--json").json if line["act"] == "order.denied"]
        assert {line["detail"]["code"] for line in denied} == {"max_notional"}

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("--feed", "replay:2010-06-30..2010-01-04"), "end_before_start"),
            (("--feed", "live:now"), "bad_feed"),
            (("--feed", FEED, "--latency", "-1"), "usage"),
            (("--feed", FEED, "--style", "soon"), "bad_style"),
            (("--feed", FEED, "--style", "twap:30m"), "style_needs_intraday"),
            (("--feed", FEED, "--account", "Not A Name"), "invalid_request"),
        ],
    )
    def test_nonsense_is_refused(self, inside: Midas, words: tuple[str, ...], code: str) -> None:
        done = inside(*RUN, *words, "--json")
        assert done.code == 2, done.out
        assert done.error["code"] in (code, "usage", "bad_input", "invalid_input"), done.error

    def test_another_latency_needs_another_account(self, inside: Midas) -> None:
        assert inside(*RUN, "--feed", FEED, "--latency", "250").code == 0
        assert inside(*RUN, "--feed", FEED).code == 0
        assert inside(*RUN, "--feed", FEED, "--latency", "251", "--json").error["code"] == "other_latency"
        assert inside("account", "show", "paper", "--json").json["latency_ms"] == 250

    def test_another_market_needs_another_account(self, inside: Midas) -> None:
        assert inside(*RUN, "--feed", FEED).code == 0
        assert inside(*RUN, "--feed", "replay:2001-02-01..2001-03-30", "--json").error["code"] == "other_market"

    def test_a_stopped_run_is_over(self, inside: Midas) -> None:
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        assert inside("run", "pause", run, "--json").json["state"] == "paused"
        assert inside("run", "resume", run, "--json").json["state"] == "paper"
        assert inside("run", "stop", run, "--reason", "enough", "--json").json["state"] == "stopped"
        assert inside("run", "resume", run, "--json").error["code"] == "bad_move"
        assert inside("trader", "--until-idle").code == 0


class TestDrill:
    @pytest.mark.figure("R11")
    def test_a_trader_at_work_hears_of_every_one(
        self, inside: Inside, record_property: Callable[[str, object], None]
    ) -> None:
        run = inside(*RUN, "--feed", f"{FEED}@1", "--json").json["id"]
        begun_s = time.monotonic()
        assert inside("risk", "drill", "paper", "--json").json["heard"] is False
        assert time.monotonic() - begun_s < 4.0, "nobody is waited for who is not there"
        trader = Midas(inside.home, inside.folder).start("trader")
        try:
            assert trader.stderr is not None
            assert any("reconciled, ready" in line for line in trader.stderr), "no trader took the account"
            assert inside("run", "status", run, "--json").json["trader"] is True
            told = [inside("risk", "drill", "paper", "--json").json for _ in range(max(3, scaled(100)))]
        finally:
            trader.kill()
            trader.communicate(timeout=30)
        assert all(each["heard"] for each in told), told
        took_ms = sorted(each["milliseconds"] for each in told)
        record_property("drills", len(told))
        record_property("from a drill's pull to the trader's word", f"p50 {took_ms[len(took_ms) // 2]:.0f} ms, "
                        f"p99 {took_ms[min(len(took_ms) - 1, int(len(took_ms) * 0.99))]:.0f} ms")  # fmt: skip


class TestNobodyTrades:
    """A switch that asks for more than to stop is obeyed for accounts that have no run any more."""

    def test_a_position_a_stopped_run_left_is_closed_as_its_market_goes_on(self, inside: Inside) -> None:
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        died = Midas(inside.home, inside.folder)("trader", "--until-idle", CRASHPOINT="after_submit:6")
        assert died.code == -9
        assert inside("position", "list", "--account", "paper", "--json").json
        assert inside("run", "stop", run, "--json").code == 0
        assert inside("risk", "kill", "--level", "FLATTEN", "--account", "paper", "--why", "a test").code == 0
        assert inside("trader", "--until-idle").code == 0
        assert inside("position", "list", "--account", "paper", "--json").json == []
        acts = [line["act"] for line in inside("run", "logs", run, "--limit", "1000", "--json").json]
        assert "kill.flatten" in acts
        assert inside("ledger", "verify").code == 0

    def test_where_the_market_is_over_that_is_told(self, inside: Inside) -> None:
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        assert inside("trader", "--until-idle").code == 0
        held = inside("position", "list", "--account", "paper", "--json").json
        assert held
        assert inside("risk", "kill", "--level", "FLATTEN", "--account", "paper", "--why", "a test").code == 0
        assert inside("trader", "--until-idle").code == 0
        alerts = inside("run", "status", run, "--json").json["alerts"]
        assert {(line["act"], line["subject"], line["detail"]["why"]) for line in alerts} == {
            ("alert.not_flattened", each["instrument"], "the market of this account is over") for each in held
        }  # fmt: skip
        assert "not_flattened" in inside("run", "status", run).err

    def test_what_is_in_quarantine_is_named_with_what_to_do(self, inside: Inside) -> None:
        run = inside(*RUN, "--feed", FEED, "--json").json["id"]
        account = inside("run", "status", run, "--json").json["run"]["account"]
        with closing(sqlite3.connect(inside.home / "midas.db")) as database, database:
            database.execute("INSERT INTO quarantines VALUES (?, 'AAPL.XNAS', 'odd')", (account,))
        done = inside("risk", "kill", "--level", "FLATTEN", "--account", "paper", "--why", "a test")
        assert done.code == 0
        for said in (done.err, inside("run", "status", run).err):
            assert f"midas risk quarantine release AAPL.XNAS --account {account}" in " ".join(said.split())

    def test_what_was_ordered_by_hand_is_over(self, inside: Inside) -> None:
        assert inside("account", "add", "hand", "--currency", "USD", "--capital", "100000").code == 0
        placed = inside(
            "order", "place", "buy", "10", "AAPL", "--account", "hand", "--limit", "10", "--time", "gtc", "--json"
        )  # fmt: skip
        assert placed.code == 0, placed.out + placed.err
        assert inside("risk", "kill", "--level", "CANCEL_ALL", "--account", "hand", "--why", "a test").code == 0
        assert inside("trader", "--until-idle").code == 0
        # whichever comes first: it is cancelled, or refused as there is no market to send it to
        assert inside("order", "show", placed.json["id"], "--json").json["state"] in ("canceled", "rejected")


class TestNoLiveMoney:
    def test_a_trader_loads_nothing_that_could_reach_a_broker(self, inside: Midas, tmp_path: Path) -> None:
        assert inside(*RUN, "--feed", FEED).code == 0
        code = (
            "import sys\nfrom midas.cli.main import run\nassert run(['trader', '--until-idle']) == 0\n"
            "far = ('midas.integrations', 'httpx', 'websockets', 'midas.client')\n"
            "loaded = [module for module in sys.modules if module.startswith(far)]\n"
            "print(sorted(loaded))"
        )
        secrets = {"KIS_APP_KEY": "canary-1", "ALPACA_SECRET": "canary-2", "KITE_TOKEN": "canary-3"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=inside.environment(**secrets),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().splitlines()[-1] == "[]"
        for file in inside.home.rglob("*"):
            if file.is_file() and file.stat().st_size < 10_000_000:
                assert b"canary-" not in file.read_bytes()
