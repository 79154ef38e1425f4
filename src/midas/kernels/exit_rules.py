"""How what closes positions between two targets is laid out; `exiting` says what it does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rules = NDArray[np.float64]
"""One number for each kind of exit, NaN where there is none; the places are named below. A cause is a place plus 1."""

STOP_LOSS = 0
TRAILING_STOP = 1
TAKE_PROFIT = 2
TIME_STOP = 3
ATR_STOP = 4
ATR_TRAILING_STOP = 5
ATR_TAKE_PROFIT = 6
RULES = 7
MARGIN_CALL = RULES + 1
"""Cause of what a margin account closes below its maintenance margin."""

Ranges = NDArray[np.float64]
"""(3, row, instrument): average true range over close for each of the exits that go by it; empty where none does.

Rows are counted from the first one simulated.
"""
