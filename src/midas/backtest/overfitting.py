"""How often choosing the best of the past would have chosen badly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

BLOCKS = 12
_AT_ONCE = 4_000_000
_FLAT = 1e-24


def probability_of_overfitting(trial_returns: Reals, blocks: int = BLOCKS) -> float | None:
    """Return how often the best trial on half of the blocks of time is in the lower half on the other half.

    Combinatorially symmetric cross-validation: combinatorial cross-validation with half of the groups in the test, over
    all C(blocks, blocks/2) halves, trials ranked by Sharpe ratio. A best trial on the very middle counts as below.
    Source: Bailey, Borwein, López de Prado, Zhu 2017, "The probability of backtest overfitting", Journal of
    Computational Finance 20(4).

    trial_returns : (sessions, trials) on the same sessions; NaN is a session without a position, 0. None for fewer than
    two trials or four sessions a block.
    """
    returns = np.nan_to_num(np.asarray(trial_returns, np.float64))
    if returns.ndim != 2 or returns.shape[1] < 2 or len(returns) < 4 * blocks:
        return None
    below = total = 0
    for inside, outside in _halves(returns, blocks):
        best = inside.argmax(axis=1)
        chosen = np.take_along_axis(outside, best[:, None], axis=1)
        # ties share the middle of their ranks
        rank = (outside < chosen).sum(axis=1) + ((outside == chosen).sum(axis=1) + 1) / 2.0
        below += int((rank <= (returns.shape[1] + 1) / 2.0).sum())
        total += len(rank)
    return below / total


def _halves(returns: Reals, blocks: int) -> Iterator[tuple[Reals, Reals]]:
    # Sharpe ratios (half, trial) in the halves and in their complements, some halves at a time
    parts = np.array_split(returns - returns.mean(axis=0), blocks)
    counts = np.array([len(part) for part in parts], np.float64)
    sums = np.array([part.sum(axis=0) for part in parts])
    squares = np.array([(part * part).sum(axis=0) for part in parts])
    centre = returns.mean(axis=0)
    chosen = np.zeros((math.comb(blocks, blocks // 2), blocks))
    for row, members in enumerate(combinations(range(blocks), blocks // 2)):
        chosen[row, list(members)] = 1.0
    step = max(1, _AT_ONCE // returns.shape[1])
    for first in range(0, len(chosen), step):
        inside = chosen[first : first + step]
        yield tuple(_sharpes(half, counts, sums, squares, centre) for half in (inside, 1.0 - inside))  # type: ignore[misc]


def _sharpes(half: Reals, counts: Reals, sums: Reals, squares: Reals, centre: Reals) -> Reals:
    n = (half @ counts)[:, None]
    mean = half @ sums / n
    variance = (half @ squares - n * mean * mean) / (n - 1.0)
    varied = variance > _FLAT
    ratios: Reals = np.where(varied, (mean + centre) / np.sqrt(np.where(varied, variance, 1.0)), 0.0)
    return ratios
