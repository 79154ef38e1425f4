"""Measure Midas on the made-up market and write what was seen to bench/RESULTS.md."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import midas
from bench.market import market
from midas.backtest.run import run
from midas.core.clock import SystemClock
from midas.strategies.registry import build

RESULTS = Path(__file__).with_name("RESULTS.md")
REPEATS = 15


def seconds(work: Callable[[], object]) -> list[float]:
    """Return the wall time of each of `REPEATS` calls, after one that is not counted."""
    clock = SystemClock()
    work()
    taken = []
    for _ in range(REPEATS):
        begun = clock.monotonic_s()
        work()
        taken.append(clock.monotonic_s() - begun)
    return taken


def main() -> int:
    """Run the workloads, print a line for each, and write the table."""
    one, whole = market(1, 2_520), market(3_000, 2_520)
    cross = build("sma_cross", {"fast": 10, "slow": 50})
    rotation = build("momentum", {"lookback": 231, "skip": 21, "top": 50})
    workloads: dict[str, Callable[[], object]] = {
        "W1: one instrument, SMA 10/50 cross, all measures": lambda: run(cross, one, commission_bps=10).summary,
        "W2: 3,000 instruments, 12-1 momentum, top 50, monthly": lambda: (
            run(rotation, whole, commission_bps=15).summary
        ),
    }
    lines = [
        f"# Measured with `make bench`, engine {midas.__version__}",
        "",
        "| work | median ms | minimum ms |",
        "|---|---|---|",
    ]
    for name, work in workloads.items():
        taken = seconds(work)
        lines.append(f"| {name} | {1e3 * statistics.median(taken):.1f} | {1e3 * min(taken):.1f} |")
        print(lines[-1])
    lines += [
        "",
        "2,520 daily bars, costs on, every measure and trade kept, in memory, warm. Peers are not measured yet.",
    ]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
