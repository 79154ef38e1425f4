"""Measure how often noise passes the luck gate and how often a planted edge does.

usage: verify_luck.py [BATCHES]

Of 1,000 batches of 100 strategies without skill, five years each, the best may pass in 5 % at most; a strategy with a
true Sharpe ratio of 1.2 that was tested once must pass in 80 % at least. Takes about a minute.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from midas.backtest.luck import luck_of

SESSIONS, YEAR, TRIALS, EDGE = 1260, 252.0, 100, 1.2


def noise_passes(batches: int) -> float:
    """Return the share of batches whose best trial passes; returns have the fat tails of real ones."""
    rng = np.random.default_rng(20260101)
    passed = 0
    for _ in range(batches):
        trials = rng.standard_t(5, (SESSIONS, TRIALS)) * 0.01
        best = int(np.argmax(trials.mean(axis=0) / trials.std(axis=0)))
        passed += luck_of(trials[:, best], TRIALS, periods_per_year=YEAR).passed is True
    return passed / batches


def edge_passes(batches: int) -> float:
    """Return the share of strategies with an edge that pass on their first test."""
    rng = np.random.default_rng(20260102)
    volatility = math.sqrt(5.0 / 3.0)
    passed = 0
    for _ in range(batches):
        returns = (rng.standard_t(5, SESSIONS) / volatility + EDGE / math.sqrt(YEAR)) * 0.01
        passed += luck_of(returns, 1, periods_per_year=YEAR).passed is True
    return passed / batches


def main(arguments: list[str]) -> int:
    """Print both shares; return 1 when either is out of its bound."""
    batches = int(arguments[0]) if arguments else 1000
    noise, edge = noise_passes(batches), edge_passes(batches)
    print(f"noise: the best of {TRIALS} passes in {noise:.1%} of {batches} batches (5 % at most)")
    print(f"edge: a Sharpe ratio of {EDGE} over {SESSIONS} sessions passes in {edge:.1%} (80 % at least)")
    return 0 if noise <= 0.05 and edge >= 0.80 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
