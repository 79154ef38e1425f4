"""What every program of the benchmark does, ours and the peers': load a market, work, say what came of it.

usage: PROGRAM FILE WORK REPEATS

Prints one JSON object: version, seconds and cpu (wall and processor time, one a repeat after a first that is not
counted; that one alone for 0 repeats), total_return, and the process's peak memory. Peers get an .npz of `days` and, a
column an instrument, `open high low close volume`; `speaks` are the rows that decide.
"""

from __future__ import annotations

import importlib.metadata
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Market = dict[str, Any]
CAPITAL = 100_000.0
FIRST = 1_170
"""W5: no decision before this row, the first of a session, so that averages may start as each engine likes."""


def arrays(file: str) -> Market:
    return {key: values.copy() for key, values in np.load(file).items()}


def _peak_mb() -> float:
    # what getrusage says may be the peak of the parent this process was forked from
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(package: str, works: Mapping[str, Callable[[Any], float]], load: Callable[[str], Any] = arrays) -> None:
    """Run the work that was asked for."""
    file, name, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    warnings.simplefilter("ignore")
    market = load(file)
    seconds, busy = [], []
    total_return = 0.0
    for _ in range(repeats + 1):
        begun, worked = time.perf_counter(), time.process_time()
        total_return = works[name](market)
        seconds.append(time.perf_counter() - begun)
        busy.append(time.process_time() - worked)
    found = {
        "version": importlib.metadata.version(package),
        "seconds": seconds[1:] or seconds,
        "cpu": busy[1:] or busy,
        "total_return": total_return,
        "peak_mb": _peak_mb(),
    }
    print(json.dumps(found))
