"""Candle patterns against TA-Lib, on bars of a coarse grid where every pattern comes up, and with gaps in them."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from tests.factors.markets import panel_of, values

from midas.factors.operators import candle_longer, candle_pairs, candle_runs, candle_singles, candle_triples

ROWS, NAMES = 8_000, 32
PARTS = (candle_singles, candle_pairs, candle_triples, candle_runs, candle_longer)
PATTERNS = tuple(entry for part in PARTS for entry in part.ENTRIES)
ORACLES = tuple(f"{entry.name}()" for entry in PATTERNS)
SETTLED = 20
"""Rows after which every average TA-Lib keeps is full."""


def bars() -> dict[str, np.ndarray]:
    """Return walks whose bodies, shadows and gaps are a few ticks: ties, equal closes and gaps are common."""
    rng = np.random.default_rng(61)
    shape = (ROWS, NAMES)
    # bodies of a few ticks and of many side by side, so that every ratio of one to another comes up
    body = rng.choice([0, 1, 1, 2, 3, 5, 8, 13], shape) * rng.choice([-1, 1], shape)
    gap = rng.choice([0, 0, 0, 0, 1, 1, 2, 3, 6], shape) * rng.choice([-1, 1], shape)
    upper, lower = (rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 8], shape) for _ in range(2))
    close = 4_000.0 + np.cumsum(body + gap, axis=0)
    opened = close - body
    high, low = np.maximum(opened, close) + upper, np.minimum(opened, close) - lower
    for place in range(100, ROWS, 100):  # what chance does not bring: three stars in the south, or nearly
        moved = rng.integers(-1, 2, (12, NAMES))
        top = close[place - 1]
        opened[place : place + 3] = top + np.array([[0], [-8], [-17]]) + moved[:3]
        close[place : place + 3] = top + np.array([[-13], [-16], [-18]]) + moved[3:6]
        low[place : place + 3] = top + np.array([[-27], [-26], [-18]]) + moved[6:9]
        high[place : place + 3] = top + np.array([[0], [-8], [-17]]) + moved[9:]
    highest, lowest = np.maximum(opened, close), np.minimum(opened, close)
    prices = {"open": opened, "close": close, "high": np.maximum(high, highest), "low": np.minimum(low, lowest)}
    return prices | {"volume": np.full(shape, 1_000.0)}


BARS = bars()
PANEL = panel_of(BARS)


def by_talib(source: str) -> np.ndarray:
    found = np.empty((ROWS, NAMES))
    for column in range(NAMES):
        prices = (np.ascontiguousarray(BARS[name][:, column]) for name in ("open", "high", "low", "close"))
        found[:, column] = getattr(talib, source)(*prices)
    return found


@pytest.mark.parametrize("entry", PATTERNS, ids=lambda entry: entry.name)
def test_as_talib(entry) -> None:
    expected = by_talib(entry.source.split()[2].rstrip(","))[SETTLED:]
    found = values(f"{entry.name}()", PANEL)[SETTLED:]
    if entry.name.endswith("_setup"):  # TA-Lib says 200 where one was confirmed
        expected = np.where(np.abs(expected) == 100, expected, 0)
    # a body that equals another in one end is 80 to TA-Lib, and a pattern to us
    expected = np.sign(expected) * np.where(np.abs(expected) == 200, 2, 1)
    assert (expected != 0).any()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("entry", PATTERNS, ids=lambda entry: entry.name)
def test_a_missing_bar_decides_nothing(entry) -> None:
    rows = 1_000
    whole = {name: prices[:rows] for name, prices in BARS.items()}
    missing = np.random.default_rng(3).random((rows, NAMES)) < 0.03
    holed = {name: np.where(missing, np.nan, prices) for name, prices in whole.items()}
    expected, found = (values(f"{entry.name}()", panel_of(raw)) for raw in (whole, holed))
    near = np.lib.stride_tricks.sliding_window_view(missing, 16, axis=0).any(axis=-1)
    np.testing.assert_array_equal(found[15:][~near], expected[15:][~near])
    told = ~np.isnan(found)
    np.testing.assert_array_equal(found[told], expected[told])
