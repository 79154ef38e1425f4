"""`midas trader` as it is run: a process of its own, killed again and again and started anew until nothing is left."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.journeys.command import MIDAS, Midas

from midas.app.traders import FENCED_EXIT

KILLED = -signal.SIGKILL
LEASE_S = 6.0
"""A trader that was killed is followed after half of it."""

BEGUN_WITHIN_S, LIFE_S = 120.0, 240.0
"""Longest until a life is ready, and longest life: what takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Deaths:
    """How often the trader is killed, by turns at its n-th step and at any moment after it is ready.

    steps, seconds : the most it gets until then.
    """

    count: int
    steps: int
    seconds: float


def trade_through(midas: Midas, deaths: Deaths, rng: Random, **environment: str) -> int:
    """Start traders until every run is over; return how many were killed."""
    killed = fenced = 0
    while killed < deaths.count:
        by_step = killed % 2 == 0
        crash = {"CRASHPOINT": f"*:{rng.randint(1, deaths.steps)}"} if by_step else {}
        with _life(midas, f"{killed}-{fenced}", **environment, **crash) as life:
            if not by_step:
                life.wait_until_ready()
                life.outlive(rng.uniform(0.0, deaths.seconds))
            code = life.end()
        assert code in (KILLED, FENCED_EXIT), f"{killed} of {deaths.count} deaths, and then {code}\n{life.said}"
        killed += code == KILLED
        # on a busy machine one may lose its account by itself; the next takes it up all the same
        fenced += code == FENCED_EXIT
        assert fenced < 20, life.said
    for attempt in range(10):
        with _life(midas, f"last-{attempt}", **environment) as life:
            code = life.end()
        if code == 0:
            return killed
        assert code == FENCED_EXIT, life.said
    raise AssertionError("the last trader never came to its end")


class _Life:
    def __init__(self, process: subprocess.Popen[bytes], told: Path) -> None:
        self._process, self._told = process, told
        self._until_s = time.monotonic() + LIFE_S

    @property
    def said(self) -> str:
        return self._told.read_text()

    def wait_until_ready(self) -> None:
        until_s = time.monotonic() + BEGUN_WITHIN_S
        while "reconciled, ready" not in self.said and self._process.poll() is None:
            assert time.monotonic() < until_s, f"never ready\n{self.said}"
            time.sleep(0.01)

    def outlive(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def end(self) -> int:
        return self._process.wait(max(0.0, self._until_s - time.monotonic()))


@contextmanager
def _life(midas: Midas, name: str, **environment: str) -> Iterator[_Life]:
    told = midas.folder / f"trader-{name}.txt"
    with told.open("wb") as stream:
        process = subprocess.Popen(
            [MIDAS, "trader", "--until-idle", "--lease", str(LEASE_S)],
            cwd=midas.folder,
            env=midas.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        yield _Life(process, told)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(30)
