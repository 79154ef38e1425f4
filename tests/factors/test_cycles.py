"""Cycles, averages of a varying length, the extended parabolic stop and transforms, against TA-Lib, numpy and gaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import talib
from tests.factors.apple import APPLE, APPLE_PANEL
from tests.factors.markets import panel_of, values

CLOSE = APPLE.close
SETTLED = 500
LENGTHS = "volume / volume.mean(20) * 9"

SINCE_THE_FIRST: dict[str, Callable[[], np.ndarray]] = {
    "cycle_period()": lambda: talib.HT_DCPERIOD(CLOSE),
    "hilbert(close.decay_linear(4), 0)": lambda: talib.HT_DCPERIOD(CLOSE),
    "cycle_in_phase()": lambda: talib.HT_PHASOR(CLOSE)[0],
    "cycle_quadrature()": lambda: talib.HT_PHASOR(CLOSE)[1],
    "cycle_phase()": lambda: talib.HT_DCPHASE(CLOSE),
    "cycle_sine()": lambda: talib.HT_SINE(CLOSE)[0],
    "cycle_lead_sine()": lambda: talib.HT_SINE(CLOSE)[1],
    "cycle_trendline()": lambda: talib.HT_TRENDLINE(CLOSE),
    "cycle_trending()": lambda: talib.HT_TRENDMODE(CLOSE).astype(float),
    "mama()": lambda: talib.MAMA(CLOSE, 0.5, 0.05)[0],
    "fama()": lambda: talib.MAMA(CLOSE, 0.5, 0.05)[1],
    "mama(close, 0.6, 0.1)": lambda: talib.MAMA(CLOSE, 0.6, 0.1)[0],
    "sar_extended()": lambda: talib.SAREXT(APPLE.high, APPLE.low),
    "sar_extended(0, 0.01, 0.02, 0.03, 0.2, 0.05, 0.02, 0.1)": lambda: talib.SAREXT(
        APPLE.high, APPLE.low, 0, 0.01, 0.02, 0.03, 0.2, 0.05, 0.02, 0.1
    ),
    "sar_extended(-50, 0.02, 0.3, 0.03, 0.2, 0.05, 0.2, 0.1)": lambda: talib.SAREXT(
        APPLE.high, APPLE.low, -50, 0.02, 0.3, 0.03, 0.2, 0.05, 0.2, 0.1
    ),
    f"close.mean_of_last({LENGTHS}, 30)": lambda: varying_mean(30),
    f"close.sine_of_last({LENGTHS}, 30)": lambda: turned(np.sin, 30),
    f"close.cosine_of_last({LENGTHS}, 30)": lambda: turned(np.cos, 30),
}
POINTWISE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "log10": np.log10,
    "floor": np.floor,
    "ceil": np.ceil,
}
ORACLES = (*SINCE_THE_FIRST, *(f"{name}(close)" for name in POINTWISE))


def lengths(most: int) -> np.ndarray:
    return np.clip(values(LENGTHS, APPLE_PANEL)[:, 0], 1, most)


def varying_mean(most: int) -> np.ndarray:
    periods = np.nan_to_num(lengths(most), nan=1.0)
    return talib.MAVP(CLOSE, periods, 2, most, 0)


def turned(wave: Callable[[np.ndarray], np.ndarray], most: int) -> np.ndarray:
    found = np.full(len(CLOSE), np.nan)
    for row, length in enumerate(lengths(most)):
        if row >= most and not np.isnan(length):
            ages = np.arange(int(length))
            found[row] = wave(2 * np.pi * ages / int(length)) @ CLOSE[row - ages]
    return found


@pytest.mark.parametrize("expression", SINCE_THE_FIRST)
def test_as_talib_on_apple(expression: str) -> None:
    expected = SINCE_THE_FIRST[expression]()[SETTLED:]
    found = values(expression, APPLE_PANEL)[SETTLED:, 0]
    if "mean_of_last" in expression:  # TA-Lib takes two values at least
        short = lengths(30)[SETTLED:] < 2
        found, expected = found[~short], expected[~short]
    size = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1.0, size))


@pytest.mark.parametrize("name", POINTWISE)
def test_as_numpy(name: str) -> None:
    x = np.concatenate([np.linspace(-3, 3, 601), [-1.0, 0.0, 1.0, 50.0, -50.0]])
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = POINTWISE[name](x)
    expected[~np.isfinite(expected)] = np.nan
    found = values(f"{name}(close)", panel_of({"close": x[:, None]}))[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "expression", ["hilbert(close, 0)", "hilbert(close, 1)", "hilbert(close, 2)", "sar_extended()", "sar()"]
)
def test_a_row_without_a_bar_is_passed_over(expression: str) -> None:
    there = np.random.default_rng(9).random(len(CLOSE)) > 0.1
    prices = {"close": CLOSE, "high": APPLE.high, "low": APPLE.low}
    holed = panel_of({name: np.where(there, of, np.nan)[:, None] for name, of in prices.items()})
    dense = panel_of({name: of[there][:, None] for name, of in prices.items()})
    found = values(expression, holed)[:, 0]
    assert np.isnan(found[~there]).all()
    np.testing.assert_array_equal(found[there], values(expression, dense)[:, 0])


def test_a_length_reads_no_further_than_it_says() -> None:
    prices = np.array([np.nan, 1.0, 2.0, 4.0, 8.0])
    panel = panel_of({"close": prices[:, None], "volume": np.array([1.0, 2.0, 2.9, 0.0, 9.0])[:, None]})
    found = values("close.mean_of_last(volume, 4)", panel)[:, 0]
    np.testing.assert_array_equal(found, [np.nan, np.nan, 1.5, 4.0, 3.75])
