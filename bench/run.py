"""Measure Midas and the installed peers on the same data in one run, check that they agree, write bench/RESULTS.md.

usage: python -m bench.run [WORK...]      the works are those of bench.report.WORKS; no name means all
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import report
from bench.data import prepare
from bench.process import Timing, installed, measure, wall
from midas.kernels.warm import compile_all

RESULTS = Path(__file__).with_name("RESULTS.md")
MIDAS = [sys.executable, "-m", "midas.cli.main"]
REPEATS = {"midas": 15, "raptorbt": 15, "vectorbt": 5, "backtesting": 5, "bt": 5}
SLOW = {
    ("vectorbt", "W2"): 0, ("bt", "W2"): 1, ("midas", "W3"): 5, ("vectorbt", "W3"): 0, ("raptorbt", "W3"): 1,
    ("midas", "W4"): 3, ("midas", "W5"): 5,
}  # fmt: skip
"""Repeats where one takes seconds; 0: the cold process alone, once."""


def main() -> int:
    """Run the workloads, print a line for each, and write the tables."""
    prepare()
    compile_all()  # once per installation; else the first workload that needs a kernel would wait for it
    asked = sys.argv[1:] or list(report.WORKS)
    timings: list[Timing] = []
    for work in asked:
        for engine in ("midas", *(name for name in installed() if work in report.DOES[name])):
            timings.append(measure(engine, work, SLOW.get((engine, work), REPEATS[engine])))
            print(report.line(timings[-1]), flush=True)
    commands = {} if sys.argv[1:] else _commands()
    text = report.text(timings, commands)
    if sys.argv[1:]:
        print(text)
    else:
        RESULTS.write_text(text, encoding="utf-8")
    wrong = report.disagreements(timings)
    for each in wrong:
        print(f"DISAGREES: {each}")
    return 1 if wrong else 0


def _commands() -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        wall([*MIDAS, "data", "pull", "sample", "-q"], home, 0)
        ran = [*MIDAS, "backtest", "run", "--strategy", "sma_cross", "--symbols", "AAPL", "--fresh", "-q"]
        return {
            "midas --help": wall([*MIDAS, "--help"], home, 5),
            "midas backtest run": wall(ran, home, 5),
        }


if __name__ == "__main__":
    sys.exit(main())
