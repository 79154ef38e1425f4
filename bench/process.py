"""Programs of the benchmark, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.data import LAKE, MARKETS, peer_file

HERE = Path(__file__).parent
PEERS = ("vectorbt", "backtesting", "bt", "raptorbt")


@dataclass(frozen=True, slots=True)
class Timing:
    """What a program said of itself, and the wall time of a process that did the work once."""

    engine: str
    work: str
    version: str
    seconds: tuple[float, ...]
    cpu: tuple[float, ...]
    total_return: float
    peak_mb: float
    cold_s: float

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def work_s(self) -> float:
        """Least processor time of all threads: what other programs on the machine disturb least."""
        return min(self.cpu)

    @property
    def best(self) -> float:
        return min(self.seconds)


def installed() -> list[str]:
    """Return the peers whose environments are there."""
    return [name for name in PEERS if (HERE / ".peers" / name / ".pinned").exists()]


def measure(engine: str, work: str, repeats: int) -> Timing:
    """Run a workload once in a fresh process with warm caches, and, but for 0 repeats, in warm repeats before."""
    warm, _ = _run(engine, work, repeats) if repeats else ({}, 0.0)
    once, cold_s = _run(engine, work, 0)
    warm = warm or once
    return Timing(
        engine,
        work,
        warm["version"],
        tuple(warm["seconds"]),
        tuple(warm["cpu"]),
        warm["total_return"],
        once["peak_mb"],
        cold_s,
    )


def wall(command: Sequence[str], home: Path, repeats: int) -> list[float]:
    """Return the wall times of a command, after a first one that is not counted."""
    taken = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"MIDAS_HOME": str(home)})
        taken.append(time.perf_counter() - begun)
    return taken[1:]


def _run(engine: str, work: str, repeats: int) -> tuple[dict, float]:
    if engine == "midas":
        command = [sys.executable, "-m", "bench.ours", str(LAKE)]
    else:
        python = HERE / ".peers" / engine / "bin" / "python"
        command = [str(python), str(HERE / "peers" / f"on_{engine}.py"), str(peer_file(MARKETS[work]))]
    begun = time.perf_counter()
    done = subprocess.run([*command, work, str(repeats)], check=True, capture_output=True, text=True, cwd=HERE.parent)
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - begun
