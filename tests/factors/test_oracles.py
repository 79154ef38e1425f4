"""Every operator against another implementation: numpy, pandas, scipy, TA-Lib, or a loop written from the definition.

The market has gaps, late listings and halts. `test_every_operator.py` makes sure that none is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import talib
from tests.factors.markets import Matrix, bars, panel_of, values

Frame = pd.DataFrame

RAW = bars(260, 37, seed=11, gaps=0.02)
# Enough gaps to matter, few enough that windows are filled.
PANEL = panel_of(RAW)
F = {name: pd.DataFrame(matrix) for name, matrix in RAW.items()}
OPEN, HIGH, LOW, CLOSE, VOLUME = (F[name] for name in ("open", "high", "low", "close", "volume"))
UP = (CLOSE > OPEN).astype(float).where(CLOSE.notna() & OPEN.notna())
WIDE = (HIGH > 1.03 * LOW).astype(float).where(HIGH.notna())
SIGN = np.sign(CLOSE.diff())


def flags(condition: Frame, *read: Frame) -> Frame:
    known = np.logical_and.reduce([frame.notna() for frame in read])
    return condition.astype(float).where(pd.DataFrame(known))


def present(function: Callable[[np.ndarray], np.ndarray], frame: Frame, least: int) -> Frame:
    """Apply to each column's values without NaN, if there are enough, and put the results back on their rows."""
    result = pd.DataFrame(np.nan, frame.index, frame.columns)
    for column in frame:
        series = frame[column].dropna()
        if len(series) >= least:
            result.loc[series.index, column] = function(series.to_numpy())
    return result


def smoothed(frame: Frame, n: int, alpha: float) -> Frame:
    def one(x: np.ndarray) -> np.ndarray:
        seeded = np.concatenate([[x[:n].mean()], x[n:]])
        return np.concatenate([[np.nan] * (n - 1), pd.Series(seeded).ewm(alpha=alpha, adjust=False).mean()])

    return present(one, frame, n)


def true_range() -> Frame:
    before = CLOSE.shift(1)
    return np.maximum(HIGH, before) - np.minimum(LOW, before)


def held(entry: Frame, leave: Frame) -> Matrix:
    result = np.full(entry.shape, np.nan)
    for column in entry:
        state = np.nan
        for row, (come, go) in enumerate(zip(entry[column], leave[column], strict=True)):
            if not (np.isnan(come) or np.isnan(go)):
                state = 0.0 if go else 1.0 if come or state == 1.0 else 0.0
            result[row, column] = state
    return result


def rows_since(flag: Frame) -> Matrix:
    result = np.full(flag.shape, np.nan)
    for column in flag:
        count = np.nan
        for row, value in enumerate(flag[column]):
            count = 0.0 if value == 1.0 else count + 1
            result[row, column] = count
    return result


def seen(frame: Frame) -> Frame:
    return frame.where(CLOSE.notna())


def chosen(frame: Frame, n: int, *, largest: bool) -> Frame:
    place = seen(frame).rank(axis=1, method="first", ascending=not largest)
    return (place <= n).astype(float).where(place.notna())


def ranked(frame: Frame) -> Frame:
    # Of equals the first column ranks higher, so count from the top.
    place = seen(frame).rank(axis=1, method="first", ascending=False)
    count = place.count(axis=1)
    return place.rsub(count + 1, axis=0).div(count, axis=0)


def winsorised(frame: Frame, tail: float) -> Frame:
    visible = seen(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanquantile(visible, [tail, 1 - tail], axis=1)
    return visible.clip(pd.Series(low), pd.Series(high), axis=0)


def weights(frame: Frame, gross: float) -> Frame:
    visible = seen(frame)
    scaled = visible.div(visible.abs().sum(axis=1), axis=0) * gross
    return scaled.fillna(0.0).where(pd.DataFrame(np.tile(visible.notna().any(axis=1), (frame.shape[1], 1)).T))


ORACLES: dict[str, Callable[[], Frame | Matrix]] = {
    "close": lambda: CLOSE,
    "returns": lambda: CLOSE / CLOSE.shift(1) - 1,
    "close + high": lambda: CLOSE + HIGH,
    "close - 2 * high": lambda: CLOSE - 2 * HIGH,
    "close * volume": lambda: CLOSE * VOLUME,
    "close / (close - close.shift(1))": lambda: CLOSE / CLOSE.diff().replace(0, np.nan),
    "(close - 100) ** 3": lambda: (CLOSE - 100) ** 3,
    "returns ** 0.5": lambda: np.sqrt(CLOSE.pct_change(fill_method=None).where(lambda x: x >= 0)),
    "2 ** returns": lambda: 2 ** (CLOSE / CLOSE.shift(1) - 1),
    "-close": lambda: -CLOSE,
    "abs(returns)": lambda: (CLOSE / CLOSE.shift(1) - 1).abs(),
    "sign(returns)": lambda: np.sign(CLOSE / CLOSE.shift(1) - 1),
    "log(returns)": lambda: np.log((CLOSE / CLOSE.shift(1) - 1).where(lambda x: x > 0)),
    "exp(returns * 10)": lambda: np.exp((CLOSE / CLOSE.shift(1) - 1) * 10),
    "sqrt(returns)": lambda: np.sqrt((CLOSE / CLOSE.shift(1) - 1).where(lambda x: x >= 0)),
    "clip(returns, -0.01, 0.02)": lambda: (CLOSE / CLOSE.shift(1) - 1).clip(-0.01, 0.02),
    "min2(open, close)": lambda: np.minimum(OPEN, CLOSE),
    "max2(open, close)": lambda: np.maximum(OPEN, CLOSE),
    "close > open": lambda: UP,
    "compare(close, open)": lambda: np.sign(CLOSE - OPEN).where(CLOSE.notna() & OPEN.notna()),
    "close >= close.shift(1)": lambda: flags(CLOSE.shift(1) <= CLOSE, CLOSE, CLOSE.shift(1)),
    "close < open": lambda: flags(CLOSE < OPEN, CLOSE, OPEN),
    "close <= close.shift(1)": lambda: flags(CLOSE.shift(1) >= CLOSE, CLOSE, CLOSE.shift(1)),
    "close == close.shift(1)": lambda: flags(CLOSE.shift(1) == CLOSE, CLOSE, CLOSE.shift(1)),
    "close != close.shift(1)": lambda: flags(CLOSE.shift(1) != CLOSE, CLOSE, CLOSE.shift(1)),
    "(close > open) & (high > 1.03 * low)": lambda: (UP.astype("boolean") & WIDE.astype("boolean")).astype("Float64"),
    "(close > open) | (high > 1.03 * low)": lambda: (UP.astype("boolean") | WIDE.astype("boolean")).astype("Float64"),
    "~(close > open)": lambda: 1 - UP,
    "close.where(close > open)": lambda: CLOSE.where(UP == 1),
    "close.where(close > open, open.shift(1))": lambda: CLOSE.where(UP == 1, OPEN.shift(1)).where(UP.notna()),
    "close.fill(7)": lambda: CLOSE.fillna(7),
    "is_missing(high)": lambda: HIGH.isna().astype(float),
    "with_bar(close.shift(1))": lambda: CLOSE.shift(1).where(CLOSE.notna()),
    "true_range()": true_range,
    "close.shift(3)": lambda: CLOSE.shift(3),
    "close.change(5)": lambda: CLOSE / CLOSE.shift(5) - 1,
    "close.diff(5)": lambda: CLOSE - CLOSE.shift(5),
    "close.mean(7)": lambda: CLOSE.rolling(7).mean(),
    "close.sum(7)": lambda: CLOSE.rolling(7).sum(),
    "close.std(7)": lambda: CLOSE.rolling(7).apply(lambda x: x.std(ddof=1), raw=True),
    "close.var(7)": lambda: CLOSE.rolling(7).apply(lambda x: x.var(ddof=1), raw=True),
    "close.min(7)": lambda: CLOSE.rolling(7).min(),
    "close.max(7)": lambda: CLOSE.rolling(7).max(),
    "close.last(3)": lambda: CLOSE.ffill(limit=2),
    "high.count(7)": lambda: HIGH.notna().astype(float).rolling(7, min_periods=1).sum(),
    "zscore(7)": lambda: CLOSE.rolling(7).apply(
        lambda x: (x[-1] - x.mean()) / x.std(ddof=1) if x.std() else np.nan, raw=True
    ),
    "cross_above(close, close.mean(5))": lambda: crossed(CLOSE, CLOSE.rolling(5).mean()),
    "cross_below(close, close.mean(5))": lambda: crossed(-CLOSE, -CLOSE.rolling(5).mean()),
    "ema(9)": lambda: smoothed(CLOSE, 9, 0.2),
    "wilder(close, 5)": lambda: smoothed(CLOSE, 5, 0.2),
    "rsi(9)": lambda: present(lambda x: talib.RSI(x, 9), CLOSE, 10),
    "atr(5)": lambda: smoothed(true_range(), 5, 0.2),
    "hold(entry=close > open, exit=high > 1.03 * low)": lambda: held(UP, WIDE),
    "since(close > open)": lambda: rows_since(UP),
    "rank(close)": lambda: ranked(CLOSE),
    "rank(sign(close.diff(1)))": lambda: ranked(SIGN),
    "rank(high)": lambda: ranked(HIGH),
    "rank(close.shift(1))": lambda: ranked(CLOSE.shift(1)),
    "top(close.change(3), 5)": lambda: chosen(CLOSE / CLOSE.shift(3) - 1, 5, largest=True),
    "top(sign(close.diff(1)), 9)": lambda: chosen(SIGN, 9, largest=True),
    "top(close.shift(1), 500)": lambda: chosen(CLOSE.shift(1), 500, largest=True),
    "bottom(close.change(3), 5)": lambda: chosen(CLOSE / CLOSE.shift(3) - 1, 5, largest=False),
    "bottom(sign(close.diff(1)), 9)": lambda: chosen(SIGN, 9, largest=False),
    "demean(high)": lambda: seen(HIGH).sub(seen(HIGH).mean(axis=1), axis=0),
    "standardise(high)": lambda: scipy.stats.zscore(seen(HIGH), axis=1, ddof=1, nan_policy="omit"),
    "winsorise(returns, 0.1)": lambda: winsorised(CLOSE / CLOSE.shift(1) - 1, 0.1),
    "normalise(returns, 2)": lambda: weights(CLOSE / CLOSE.shift(1) - 1, 2.0),
    "normalise(close > open)": lambda: weights(UP, 1.0),
    "slot(close > open)": lambda: (UP.fillna(0.0) / UP.shape[1]).where(
        pd.DataFrame(np.tile(UP.notna().any(axis=1), (UP.shape[1], 1)).T)
    ),
}


def crossed(one: Frame, other: Frame) -> Frame:
    above = (one > other).astype("boolean").mask(one.isna() | other.isna())
    before = (one <= other).astype("boolean").mask(one.isna() | other.isna()).shift(1)
    return (above & before).astype("Float64")


@pytest.mark.parametrize("expression", ORACLES)
def test_operator(expression: str) -> None:
    expected = ORACLES[expression]()
    matrix = expected if isinstance(expected, np.ndarray) else expected.to_numpy(dtype=float, na_value=np.nan)
    assert np.isfinite(matrix).sum() > matrix.size / 4
    np.testing.assert_allclose(values(expression, PANEL), matrix, rtol=1e-9, atol=1e-9)


class TestTaLib:
    """Where there are no gaps: TA-Lib's own numbers."""

    raw = bars(300, 3, seed=5)
    panel = panel_of(raw)

    @pytest.mark.parametrize(
        ("expression", "call"),
        [
            ("sma(20)", lambda r, i: talib.SMA(r["close"][:, i], 20)),
            ("ema(20)", lambda r, i: talib.EMA(r["close"][:, i], 20)),
            ("rsi(14)", lambda r, i: talib.RSI(r["close"][:, i], 14)),
            ("atr(14)", lambda r, i: talib.ATR(r["high"][:, i], r["low"][:, i], r["close"][:, i], 14)),
            ("true_range()", lambda r, i: talib.TRANGE(r["high"][:, i], r["low"][:, i], r["close"][:, i])),
            ("close.min(10)", lambda r, i: talib.MIN(r["close"][:, i], 10)),
            ("close.max(10)", lambda r, i: talib.MAX(r["close"][:, i], 10)),
            ("close.sum(10)", lambda r, i: talib.SUM(r["close"][:, i], 10)),
            ("close.change(10)", lambda r, i: talib.ROCP(r["close"][:, i], 10)),
            ("close.std(10)", lambda r, i: talib.STDDEV(r["close"][:, i], 10) * np.sqrt(10 / 9)),
        ],
    )
    def test_indicator(self, expression: str, call: Callable[[dict[str, Matrix], int], Matrix]) -> None:
        columns = {name: np.ascontiguousarray(matrix) for name, matrix in self.raw.items()}
        expected = np.column_stack([call({n: m.copy(order="F") for n, m in columns.items()}, i) for i in range(3)])
        np.testing.assert_allclose(values(expression, self.panel), expected, rtol=1e-9, atol=1e-9)


class TestHardNumbers:
    def test_a_window_forgets_a_spike_completely(self) -> None:
        raw = bars(200, 4, seed=1)
        spiked = {"close": raw["close"].copy()}
        spiked["close"][50] = 1e16
        for expression in ("close.mean(20)", "close.sum(20)", "close.std(20)", "zscore(20)"):
            clean, after = values(expression, panel_of({"close": raw["close"]})), values(expression, panel_of(spiked))
            assert np.array_equal(clean[70:], after[70:]), expression

    def test_spread_of_large_close_numbers_is_exact_to_rounding(self) -> None:
        close = 1e9 + np.tile([0.0, 1.0, 2.0, 3.0], 25)[:, None]
        # Any 4 in a row are 0 1 2 3 in some order: mean square distance 5 / 3.
        result = values("close.var(4)", panel_of({"close": close}))
        np.testing.assert_allclose(result[3:], 5 / 3, rtol=1e-12)

    def test_equal_values_have_no_spread(self) -> None:
        panel = panel_of({"close": np.full((30, 3), 0.1)})
        assert (values("close.std(7)", panel)[6:] == 0.0).all()
        assert (values("demean(close)", panel) == 0.0).all()
        assert np.isnan(values("standardise(close)", panel)).all()
        assert np.isnan(values("zscore(7)", panel)).all()
        assert (values("rsi(3)", panel)[3:] == 50.0).all()

    def test_division_by_nothing_is_no_value(self) -> None:
        panel = panel_of({"close": np.array([[0.0, 2.0], [3.0, 4.0]])})
        assert np.isnan(values("1 / close", panel)[0, 0])
        assert np.isnan(values("close.change(1)", panel)[1, 0])
        assert np.isnan(values("log(close)", panel)[0, 0])
        assert np.isnan(values("exp(close * 1e6)", panel)[1, 0])
        assert np.isnan(values("(0 - close) ** 0.5", panel)[1, 1])


def test_averages_that_tie_in_decimals_do_not_cross() -> None:
    # Five prices that repeat: every average over a multiple of five is the same in decimals, and not in floats.
    closes = [float(price) for price in ["14.9", "13.8", "14.34", "14.54", "14.66"] * 6]
    sums = {sum(closes[at : at + n]) / n for n in (5, 10, 15, 20) for at in range(10)}
    assert len(sums) > 1, "floats agree on these: the test proves nothing"
    panel = panel_of({"close": np.array(closes)[:, None]})
    for expression in ("cross_above(mean(10), mean(20))", "cross_below(mean(10), mean(20))"):
        found = values(expression, panel)[:, 0]
        assert not np.nansum(found), expression
    assert set(values("compare(mean(10), mean(20))", panel)[20:, 0]) == {0.0}
