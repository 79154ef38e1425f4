"""The cross-check's rules once more, in pandas and plain Python: when each strategy wants to be in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Job = dict[str, Any]


def held(job: Job, close: np.ndarray, rounding: float = 0.0) -> np.ndarray:
    """Return 1 on the closes after which the strategy wants its position, else 0; 0 before the job's `first` row.

    Averages that lie apart by no more than `rounding`, relative, are neither above nor below each other.
    """
    entry, leave = _signals(job, pd.Series(close), rounding)
    wanted = np.zeros(len(close))
    state = 0.0
    for row in range(job["first"], len(close)):
        if leave[row]:
            state = 0.0
        elif entry[row]:
            state = 1.0
        wanted[row] = state
    return wanted


def _signals(job: Job, close: pd.Series, rounding: float) -> tuple[np.ndarray, np.ndarray]:
    a, b, c = job["a"], job["b"], job["c"]
    if job["kind"] == "sma":
        fast, slow = close.rolling(a).mean(), close.rolling(b).mean()
        apart = fast - slow
        side = apart.where(apart.abs() > rounding * np.maximum(fast, slow), apart * 0.0)
        before = side.shift(1)
        return ((side > 0) & (before <= 0)).to_numpy(), ((side < 0) & (before >= 0)).to_numpy()
    if job["kind"] == "rsi":
        value = _rsi(close.to_numpy(), a)
        return value < b, value > c
    if job["kind"] == "change":
        value = (close / close.shift(a) - 1.0).to_numpy()
        return value > b, value < c
    window = close.rolling(a)
    value = ((close - window.mean()) / window.std()).to_numpy()
    return value < b, value > c


def _rsi(close: np.ndarray, n: int) -> np.ndarray:
    # Wilder: the first average is the plain mean of n moves
    moves = np.diff(close)
    value = np.full(len(close), np.nan)
    gain, loss = moves[:n].clip(min=0).mean(), (-moves[:n]).clip(min=0).mean()
    for row in range(n, len(close)):
        if row > n:
            move = moves[row - 1]
            gain = (gain * (n - 1) + max(move, 0.0)) / n
            loss = (loss * (n - 1) + max(-move, 0.0)) / n
        value[row] = 100.0 * gain / (gain + loss) if gain + loss > 0 else 50.0
    return value
