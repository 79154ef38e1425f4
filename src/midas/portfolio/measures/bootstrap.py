"""Resampling a series in blocks, so that what belongs together stays together."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Places = NDArray[np.int64]

_FLAT = 1e-24


def seeded(values: Reals) -> np.random.Generator:
    """Return a generator that always draws the same for the same values."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(np.ascontiguousarray(values).tobytes()).digest()[:8]))


def usual_block(observations: int) -> float:
    """Return a mean block length that grows as it should, n^(1/3) (Politis, White 2004), 1 at least."""
    return max(1.0, float(round(observations ** (1.0 / 3.0))))


def stationary_blocks(
    rng: np.random.Generator, observations: int, paths: int, mean_length: float
) -> tuple[Places, Places]:
    """Draw the blocks of resampled series: where each begins and how long it is, (path, block); 0 is no block.

    Lengths are geometric, a block that reaches the end goes on at the beginning, and a path's lengths add up to the
    observations. Source: Politis, Romano 1994, "The stationary bootstrap", JASA 89.
    """
    typical = observations / mean_length
    most = math.ceil(typical + 6.0 * math.sqrt(typical) + 8.0)
    lengths = rng.geometric(1.0 / mean_length, (paths, most)).astype(np.int64)
    # the last block makes up what is missing in the one path of a billion that draws too few
    lengths[:, -1] = observations
    ends = np.minimum(np.cumsum(lengths, axis=1), observations)
    return rng.integers(observations, size=(paths, most)), np.diff(ends, axis=1, prepend=0)


def stationary_places(rng: np.random.Generator, observations: int, paths: int, mean_length: float) -> Places:
    """Draw resampled series as places in the original, (path, observation)."""
    starts, lengths = stationary_blocks(rng, observations, paths, mean_length)
    flat = lengths.ravel()
    begins = np.cumsum(flat) - flat
    places = np.repeat(starts.ravel() - begins, flat) + np.arange(paths * observations)
    return places.reshape(paths, observations) % observations


def sharpes(returns: Reals, paths: int = 1_000, mean_length: float | None = None) -> Reals:
    """Return the Sharpe ratio of one period of each resampled series, 0 where one does not vary.

    Sums over blocks come from running sums, so that no series is built.
    """
    n = len(returns)
    starts, lengths = stationary_blocks(seeded(returns), n, paths, mean_length or usual_block(n))
    centre = float(returns.mean())
    moved = returns - centre
    totals = np.array([_sums(values, starts, lengths) for values in (moved, moved * moved)])
    mean = totals[0] / n
    variance = (totals[1] - n * mean * mean) / (n - 1)
    varied = variance > _FLAT
    deviation = np.sqrt(np.where(varied, variance, 1.0))
    ratios: Reals = np.where(varied, (mean + centre) / deviation, 0.0)
    return ratios


def _sums(values: Reals, starts: Places, lengths: Places) -> Reals:
    running = np.concatenate(([0.0], np.cumsum(np.concatenate((values, values)))))
    return np.asarray((running[starts + lengths] - running[starts]).sum(axis=1))
