"""What the benchmark says: tables, ratios, and whether the engines agree."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from statistics import median

import numpy as np

import midas
from bench.data import peer_file
from bench.process import Timing
from bench.reference import RULES, total_return
from midas.core.clock import SystemClock

WORKS = {
    "W1": "one instrument, 2,520 days, SMA 10/50 cross, 0.1 % fee, every measure",
    "W2": "3,000 instruments × 2,520 days, 12-1 momentum, 50 best in equal weight, monthly, 0.15 % fee, one account",
    "W2 KR": "the same under Korean rules: lots, ticks, price limits, the venue's commission and tax",
    "W2b": "3,000 instruments × 2,520 days, 14 operators, the 50 best each week, two kinds of stops",
    "W3": "10,000 SMA pairs on one instrument × 2,520 days, return, Sharpe, drawdown; total return: the best one's",
    "W4": "11 strategies of the library × 500 instruments × 2,520 days, each alone; total return: the mean",
    "W5": "one instrument, 1,000,000 bars, EMA 12/48 cross as arrays, 0.01 % fee",
    "W9": "open ten years of the whole market from the lake, ready to compute",
}
DOES = {
    "vectorbt": {"W1", "W2", "W3", "W5"},
    "backtesting": {"W1"},
    "bt": {"W1", "W2"},
    "raptorbt": {"W1", "W3", "W5"},
}
WITHIN = {
    ("W2", "vectorbt"): 2e-2,
    ("W2", "bt"): 1e-1,
    ("W3", "vectorbt"): 1e-5,
    ("W3", "raptorbt"): 5e-2,
    ("W5", "vectorbt"): 1e-3,
    ("W5", "raptorbt"): 5e-2,
}
"""How far 1 + total return may be from ours, relatively, where the rules are the same only nearly; see the text."""

_NOTES = """
How to read it. Warm: repeats in one process after a first that is not counted, through each library's own public calls
(ours: `midas.backtest.run` on a graph, costs on, every measure, fills and trades kept, in memory). Cold: the wall time
of a whole process that imports, opens the data and does the work once, with caches warm from before. Peak: memory of
that process. Processor: least processor time of a repeat, all threads together, which a busy machine disturbs least.
vectorbt computes its `stats()` in W1 and W2, bt and Backtesting.py their own; raptorbt its 48 metrics.

The engines must agree on the total return. W1 is computed once more by a plain loop under each engine's own sizing rule
(`bench/reference.py`) and must equal it:

{rules}

In W2 a name without a bar on the day cannot be traded: Midas and vectorbt drop that order, bt trades it at the last
price known. W2 and W5 must be within the tolerance stated in `bench/report.py`.

Where Midas is behind. W1: about a third of the time is loops over 32 lanes of which one is used, a quarter is measures,
the rest laying out the venue's rules and the engine's rooms. W3: half of the time is what the averages say about each
other, 25 million comparisons and what is made of them in double precision, a third the 10,000 accounts.
W5: a third is the graph (four loops and a cross-section of one name, a few nanoseconds a bar each), the rest matching,
the venue's rules laid out once a bar, and pages of memory touched for the first time.
"""


def line(one: Timing) -> str:
    """Return one timing as a row of the table."""
    return (
        f"| {one.work} | {one.engine} {one.version} | {_ms(one.median)} | {_ms(one.best)} | {_ms(one.work_s)} |"
        f" {one.cold_s:.2f} | {one.peak_mb:.0f} | {one.total_return:.6f} |"
    )


def text(timings: Sequence[Timing], commands: dict[str, list[float]]) -> str:
    """Return the whole report."""
    moment = SystemClock().now_utc().astimezone(UTC)
    load = os.getloadavg()[0]
    rows = [
        "# Measured with `make bench`",
        "",
        f"Midas {midas.__version__}, {moment:%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, numpy {np.__version__}; load at the end {load:.1f}. Only ratios travel.",
        "",
        "| work | engine | median ms | minimum ms | processor ms | cold s | peak MB | total return |",
        "|---|---|---|---|---|---|---|---|",
        *(line(one) for one in timings if one.work != "W9"),
        "",
        *(f"- **{name}**: {words}." for name, words in WORKS.items()),
        "",
        "## What the peers take for each second of Midas, processor time",
        "",
        *_ratios(timings),
        "",
        "## Opening and whole commands",
        "",
        *(f"- {WORKS[one.work]}: median {_ms(one.median)} ms" for one in timings if one.work == "W9"),
        *(f"- `{name}`: median {median(taken):.2f} s, minimum {min(taken):.2f} s" for name, taken in commands.items()),
    ]
    rules = "\n".join(f"- {name}: {rule.words} (within {rule.tolerance:g})" for name, rule in RULES.items())
    return "\n".join(rows) + "\n" + _NOTES.format(rules=rules)


def disagreements(timings: Sequence[Timing]) -> list[str]:
    """Return every total return that is not what the rules say."""
    ours = {one.work: one.total_return for one in timings if one.engine == "midas"}
    market = dict(np.load(peer_file("one"))) if any(one.work == "W1" for one in timings) else {}
    found = []
    for one in timings:
        if one.work == "W1":
            expected = total_return(one.engine, market["open"][:, 0], market["close"][:, 0])
            if abs(one.total_return / expected - 1) > RULES[one.engine].tolerance:
                found.append(f"{one.work} {one.engine}: {one.total_return!r}, by hand {expected!r}")
        elif (one.work, one.engine) in WITHIN:
            apart = abs((1 + one.total_return) / (1 + ours[one.work]) - 1)
            if apart > WITHIN[one.work, one.engine]:
                found.append(f"{one.work} {one.engine}: {apart:.2%} from ours")
    return found


def _ratios(timings: Sequence[Timing]) -> list[str]:
    ours = {one.work: one for one in timings if one.engine == "midas"}
    return [
        f"- {one.work}: {one.engine} takes {_times(one.work_s / ours[one.work].work_s)} "
        f"(wall, minima {_times(one.best / ours[one.work].best)}, medians "
        f"{_times(one.median / ours[one.work].median)}, cold {_times(one.cold_s / ours[one.work].cold_s)})"
        for one in timings
        if one.engine != "midas"
    ]


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:,.1f}" if seconds >= 0.001 else f"{1e3 * seconds:.2f}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [row.partition(":")[2].strip() for row in info.read_text().splitlines() if row.startswith("model name")]
        if info.exists()
        else []
    )
    return names[0] if names else platform.processor() or platform.machine()
