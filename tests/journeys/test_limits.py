"""The owner sets limits while the trader trades, and it obeys within a second or so."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from tests.journeys.command import Midas

# a decision a day, ten days a second, and orders on nearly each of them
RUN = (
    "run", "start", "--strategy", "momentum", "--set", "lookback=5", "--set", "skip=0", "--set", "top=1",
    "--set", "every=day", "--symbols", "AAPL,MSFT,GOOG,IBM", "--feed", "replay:2006-01-03..2012-12-28@864000",
)  # fmt: skip
WAIT_S = 60.0
BEGIN_S = 240.0
"""A trader may have to compile its kernels first."""
SOON_S = 5.0
"""A second or so on a machine that has other things to do as well."""


@contextmanager
def trading(midas: Midas) -> Any:
    process = midas.start("trader")
    try:
        yield
        assert process.poll() is None, process.communicate(timeout=10)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=20)


class Trail:
    """A run's audit trail as it grows."""

    def __init__(self, midas: Midas, run: str) -> None:
        self._midas, self._run, self.lines = midas, run, list[dict[str, Any]]()

    def until(self, found: Callable[[dict[str, Any]], bool], wait_s: float = WAIT_S) -> dict[str, Any]:
        """Return the first line that is found behind those already read."""
        until_s = time.monotonic() + wait_s
        while time.monotonic() < until_s:
            after = self.lines[-1]["n"] if self.lines else 0
            words = ("run", "logs", self._run, "--after", str(after), "--limit", "1000", "--json")
            new = self._midas(*words).json
            for place, line in enumerate(new):
                if found(line):
                    self.lines += new[: place + 1]
                    return line
            self.lines += new
            time.sleep(0.1)
        raise AssertionError(f"not within {wait_s} s; the last lines are {self.lines[-5:]}")


def denied(code: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["act"] == "order.denied" and line["detail"].get("code") == code


class TestLimits:
    @pytest.mark.figure("R13")
    def test_that_are_set_while_it_trades_hold_at_once(
        self, inside: Midas, record_property: Callable[[str, object], None]
    ) -> None:
        run = inside(*RUN, "--json").json["id"]
        trail = Trail(inside, run)
        with trading(inside):
            trail.until(lambda line: line["act"] == "order.fill", BEGIN_S)
            took = []
            for words, name, code in (
                (("--run", run), "max_quantity", "max_quantity"),
                ((), "max_notional", "max_notional"),
            ):
                told = inside("risk", "limits", "paper", *words, "--set", f"{name}=0", "--json").json
                assert told["limits"][name] == "0"
                assert told["run"] == (run if words else None)
                said = trail.until(lambda line: line["act"] == "limits.set")
                heard = trail.until(lambda line: line["act"] == "limits.heard")
                took.append(_seconds(said, heard))
                trail.until(denied(code))
                # from when it heard on nothing that the limit forbids is stored or sent
                behind = [line for line in trail.lines if line["n"] > heard["n"]]
                assert not [line for line in behind if line["act"] in ("order.stored", "order.sending")]
                free = inside("risk", "limits", "paper", *words, "--set", f"{name}=none", "--json").json
                assert free["limits"][name] is None
                trail.until(lambda line: line["act"] == "order.stored")
        record_property("seconds until limits are obeyed", f"{max(took):.2f}")
        assert max(took) < SOON_S


def _seconds(earlier: dict[str, Any], later: dict[str, Any]) -> float:
    at = [datetime.fromisoformat(line["at"]) for line in (earlier, later)]
    return (at[1] - at[0]).total_seconds()
