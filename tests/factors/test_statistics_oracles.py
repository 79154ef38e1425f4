"""Statistics and averages against pandas, scipy, numpy and TA-Lib: with gaps, and after a spike has left the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import talib
from tests.factors.markets import Matrix, bars, panel_of, values

from midas.factors.plan import compile_plan
from midas.factors.text import parse
from midas.factors.unit import Unit

Frame = pd.DataFrame
Column = np.ndarray
N = 8
WEIGHTS = np.arange(1.0, N + 1)


def rolled(function: Callable[..., float], *frames: Frame, n: int = N) -> Frame:
    """Apply to each full window of each column; none where a value is missing."""
    result = np.full(frames[0].shape, np.nan)
    columns = [frame.to_numpy() for frame in frames]
    for row, column in np.ndindex(*result.shape):
        windows = [x[row - n + 1 : row + 1, column] for x in columns]
        if row >= n - 1 and not any(np.isnan(window).any() for window in windows):
            result[row, column] = function(*windows)
    return pd.DataFrame(result)


def line(x: Column) -> tuple[float, float]:
    found = scipy.stats.linregress(np.arange(len(x)), x)
    return float(found.slope), float(found.intercept)


def fitted(x: Column, at: float) -> float:
    slope, intercept = line(x)
    return intercept + slope * at


def on(x: Column, other: Column) -> tuple[float, float]:
    found = scipy.stats.linregress(other, x)
    return float(found.slope), float(found.intercept)


def deepest_fall(x: Column) -> float:
    return min(0.0, *(x[j] / x[i] - 1 for i in range(len(x)) for j in range(i + 1, len(x))))


def spread_of_line(x: Column) -> float:
    rest = x - np.polyval(np.polyfit(np.arange(len(x)) - len(x) / 2, x, 1), np.arange(len(x)) - len(x) / 2)
    return float(np.sqrt((rest**2).sum() / (len(x) - 2)))


def without_gaps(function: Callable[[Column], Column], frame: Frame) -> Frame:
    """Apply to each column's values that are there, and put the results back on their rows."""
    result = pd.DataFrame(np.nan, frame.index, frame.columns)
    for column in frame:
        series = frame[column].dropna()
        result.loc[series.index, column] = function(series.to_numpy())
    return result


def seeded(x: Column, n: int) -> Column:
    if np.isfinite(x).sum() < n:
        return np.full(len(x), np.nan)
    first = int(np.flatnonzero(np.isfinite(x))[0])
    result = np.full(len(x), np.nan)
    result[first + n - 1] = x[first : first + n].mean()
    for row in range(first + n, len(x)):
        result[row] = result[row - 1] + 2 / (n + 1) * (x[row] - result[row - 1])
    return result


def t3(x: Column, n: int, v: float) -> Column:
    weights = np.polynomial.polynomial.polypow([0, 1 + v, -v], 3)
    chain = [x]
    for _ in weights[1:]:
        chain.append(seeded(chain[-1], n))
    return sum(weight * average for weight, average in zip(weights[3:], chain[3:], strict=True))


def efficiency(frame: Frame, n: int) -> Frame:
    return frame.diff(n).abs() / frame.diff().abs().rolling(n).apply(np.sum, raw=True)


def adaptive(frame: Frame, weight: Frame) -> Frame:
    result = np.full(frame.shape, np.nan)
    for column in range(frame.shape[1]):
        last, begun = np.nan, False
        for row, (x, w) in enumerate(zip(frame[column], weight[column], strict=True)):
            if np.isfinite(x) and np.isfinite(w):
                last = x if np.isnan(last) else w * x + (1 - w) * last
                result[row, column], begun = last, True
            elif np.isfinite(x) and not begun:
                last = x
    return pd.DataFrame(result)


def kama_weight(frame: Frame, n: int, fast: int, slow: int) -> Frame:
    low, high = 2 / (slow + 1), 2 / (fast + 1)
    return (efficiency(frame, n) * (high - low) + low) ** 2


def ewm(frame: Frame, n: int) -> object:
    return frame.ewm(span=n, adjust=False, ignore_na=True, min_periods=n)


def wma(frame: Frame, n: int) -> Frame:
    return rolled(lambda x: np.average(x, weights=np.arange(1, n + 1)), frame, n=n)


Oracle = Callable[[Frame, Frame], Frame]
RETURNS: Callable[[Frame], Frame] = lambda c: c / c.shift(1) - 1  # noqa: E731
MOVES: Callable[[Frame], Frame] = lambda c: np.log(c).diff()  # noqa: E731

ORACLES: dict[str, Oracle] = {
    "skew(8)": lambda c, _: rolled(partial(scipy.stats.skew, bias=False), c),
    "kurt(8)": lambda c, _: rolled(partial(scipy.stats.kurtosis, bias=False), c),
    "product(8)": lambda c, _: rolled(np.prod, c),
    "quantile(8, 0.3)": lambda c, _: c.rolling(N).quantile(0.3),
    "quantile(8, 1)": lambda c, _: c.rolling(N).max(),
    "median(8)": lambda c, _: c.rolling(N).median(),
    "quartile_range(8)": lambda c, _: rolled(scipy.stats.iqr, c),
    "ts_rank(8)": lambda c, _: c.rolling(N).rank(pct=True),
    "ts_rank(sign(close.diff(1)), 8)": lambda c, _: np.sign(c.diff()).rolling(N).rank(pct=True),
    "mean_distance(close, open, 8)": lambda c, o: sum((c.shift(k) - o).abs() for k in range(N)) / N,
    "mad(8)": lambda c, _: rolled(lambda x: np.abs(x - x.mean()).mean(), c),
    "downside_std(8)": lambda c, _: rolled(lambda x: np.sqrt(np.mean(np.minimum(x, 0) ** 2)), RETURNS(c)),
    "upside_std(8)": lambda c, _: rolled(lambda x: np.sqrt(np.mean(np.maximum(x, 0) ** 2)), RETURNS(c)),
    "rms(returns, 8)": lambda c, _: rolled(lambda x: np.sqrt(np.mean(x**2)), RETURNS(c)),
    "geometric_mean(8)": lambda c, _: rolled(scipy.stats.gmean, c),
    "harmonic_mean(8)": lambda c, _: rolled(scipy.stats.hmean, c),
    "standard_error(8)": lambda c, _: rolled(scipy.stats.sem, c),
    "variation(8)": lambda c, _: rolled(partial(scipy.stats.variation, ddof=1), c),
    "deviation(8)": lambda c, _: rolled(lambda x: x[-1] - x.mean(), c),
    "rise_share(8)": lambda c, _: rolled(lambda x: float(np.mean(np.diff(x) > 0)), c, n=N + 1),
    "variance_ratio(8, 3)": lambda c, _: (
        rolled(partial(np.var, ddof=1), np.log(c).diff(3)) / rolled(partial(np.var, ddof=1), MOVES(c)) / 3
    ),
    "argmax(8)": lambda c, _: rolled(lambda x: float(np.argmax(x[::-1])), c),
    "argmin(8)": lambda c, _: rolled(lambda x: float(np.argmin(x[::-1])), c),
    "argmax(sign(close.diff(1)), 8)": lambda c, _: rolled(lambda x: float(np.argmax(x[::-1])), np.sign(c.diff())),
    "range(8)": lambda c, _: rolled(np.ptp, c),
    "range_position(8)": lambda c, _: rolled(lambda x: (x[-1] - x.min()) / np.ptp(x) if np.ptp(x) else np.nan, c),
    "drawdown(8)": lambda c, _: rolled(lambda x: x[-1] / x.max() - 1, c),
    "rebound(8)": lambda c, _: rolled(lambda x: x[-1] / x.min() - 1, c),
    "max_drawdown(8)": lambda c, _: rolled(deepest_fall, c),
    "ulcer(8)": lambda c, _: rolled(
        lambda x: np.sqrt(np.mean([(x[k] / x[k - N + 1 : k + 1].max() - 1) ** 2 for k in range(N - 1, len(x))])),
        c,
        n=2 * N - 1,
    ),
    "slope(8)": lambda c, _: rolled(lambda x: line(x)[0], c),
    "intercept(8)": lambda c, _: rolled(partial(fitted, at=0), c),
    "trend(8)": lambda c, _: rolled(partial(fitted, at=N - 1), c),
    "forecast(8)": lambda c, _: rolled(partial(fitted, at=N), c),
    "residual(8)": lambda c, _: rolled(lambda x: x[-1] - fitted(x, N - 1), c),
    "residual_std(8)": lambda c, _: rolled(spread_of_line, c),
    "r_squared(8)": lambda c, _: rolled(lambda x: scipy.stats.linregress(np.arange(N), x).rvalue ** 2, c),
    "covariance(close, open, 8)": lambda c, o: rolled(lambda x, y: np.cov(x, y)[0, 1], c, o),
    "correlation(close, open, 8)": lambda c, o: rolled(lambda x, y: np.corrcoef(x, y)[0, 1], c, o),
    "autocorrelation(close, 8, 2)": lambda c, _: rolled(lambda x: np.corrcoef(x[2:], x[:-2])[0, 1], c, n=N + 2),
    "beta(close, open, 8)": lambda c, o: rolled(lambda x, y: on(x, y)[0], c, o),
    "regression_intercept(close, open, 8)": lambda c, o: rolled(lambda x, y: on(x, y)[1], c, o),
    "regression_residual(close, open, 8)": lambda c, o: rolled(
        lambda x, y: x[-1] - on(x, y)[1] - on(x, y)[0] * y[-1], c, o
    ),
    "decay_linear(8)": lambda c, _: wma(c, N),
    "trima(8)": lambda c, _: rolled(partial(np.average, weights=[1, 2, 3, 4, 4, 3, 2, 1]), c),
    "trima(7)": lambda c, _: rolled(partial(np.average, weights=[1, 2, 3, 4, 3, 2, 1]), c, n=7),
    "hull(10)": lambda c, _: wma(2 * wma(c, 5) - wma(c, 10), 3),
    "efficiency(8)": lambda c, _: efficiency(c, N),
    "dema(8)": lambda c, _: without_gaps(lambda x: 2 * seeded(x, N) - seeded(seeded(x, N), N), c),
    "tema(4)": lambda c, _: without_gaps(
        lambda x: 3 * seeded(x, 4) - 3 * seeded(seeded(x, 4), 4) + seeded(seeded(seeded(x, 4), 4), 4), c
    ),
    "t3(3, 0.6)": lambda c, _: without_gaps(lambda x: t3(x, 3, 0.6), c),
    "zlema(8)": lambda c, _: without_gaps(lambda x: seeded(x, N), 2 * c - c.shift(3)),
    "adaptive_mean(close, abs(returns))": lambda c, _: adaptive(c, RETURNS(c).abs()),
    "kama(8, 3, 20)": lambda c, _: adaptive(c, kama_weight(c, N, 3, 20)),
    "vidya(8, 5)": lambda c, _: adaptive(c, efficiency(c, 5) * (2 / 9)),
    "ewm_mean(8)": lambda c, _: c.ewm(span=N, adjust=False, ignore_na=True).mean().where(c.notna()),
    "ewm_var(8)": lambda c, _: ewm(c, N).var().where(c.notna()),
    "ewm_std(8)": lambda c, _: ewm(c, N).std().where(c.notna()),
    "ewm_zscore(8)": lambda c, _: ((c - c.ewm(span=N, adjust=False, ignore_na=True).mean()) / ewm(c, N).std()).where(
        c.notna()
    ),
    "roc_ratio(3)": lambda c, _: c / c.shift(3),
    "log_change(3)": lambda c, _: np.log(c).diff(3),
}
RAW = bars(120, 9, seed=21, gaps=0.02)


@pytest.mark.parametrize("expression", ORACLES)
def test_with_gaps(expression: str) -> None:
    close, opening = (pd.DataFrame(RAW[name]) for name in ("close", "open"))
    expected = ORACLES[expression](close, opening).to_numpy(dtype=float)
    assert np.isfinite(expected).sum() > expected.size / 5
    np.testing.assert_allclose(values(expression, panel_of(RAW)), expected, rtol=1e-9, atol=1e-9)


ENDLESS = {"dema", "tema", "t3", "zlema", "adaptive_mean", "kama", "vidya"}
ENDLESS |= {"ewm_mean", "ewm_var", "ewm_std", "ewm_zscore"}


WINDOWED = [expression for expression in ORACLES if parse(expression).op not in ENDLESS]


def spiked(raw: dict[str, Matrix]) -> dict[str, Matrix]:
    found = {name: matrix.copy() for name, matrix in raw.items()}
    found["close"][20], found["open"][20:22] = 1e12, 3e11
    return found


@pytest.mark.parametrize("expression", WINDOWED)
def test_a_spike_that_left_the_window_changes_no_bit(expression: str) -> None:
    raw = bars(70, 3, seed=4)
    clean, after = values(expression, panel_of(raw)), values(expression, panel_of(spiked(raw)))
    assert np.array_equal(clean[40:], after[40:])
    assert np.isfinite(after[40:]).all()


@pytest.mark.parametrize("expression", WINDOWED)
def test_a_spike_in_the_window(expression: str) -> None:
    raw = spiked(bars(45, 3, seed=4))
    close, opening = (pd.DataFrame(raw[name]) for name in ("close", "open"))
    expected = ORACLES[expression](close, opening).to_numpy(dtype=float)
    # A level beside a spike of 1e12 is known to the spike's last digit.
    digit = 1e-3 if parse(expression).unit is Unit.PRICE else 1e-9
    np.testing.assert_allclose(values(expression, panel_of(raw)), expected, rtol=1e-9, atol=digit)


@pytest.mark.parametrize("expression", WINDOWED)
def test_warm_up_ends_with_the_first_value(expression: str) -> None:
    found = values(expression, panel_of(bars(40, 1, seed=2)))[:, 0]
    assert np.flatnonzero(np.isfinite(found))[0] == compile_plan(parse(expression)).warmup


class TestTaLib:
    """Where there are no gaps: TA-Lib's own numbers."""

    raw = bars(300, 3, seed=5)
    panel = panel_of(raw)

    @pytest.mark.parametrize(
        ("expression", "call"),
        [
            ("wma(20)", lambda x, _: talib.WMA(x, 20)),
            ("trima(20)", lambda x, _: talib.TRIMA(x, 20)),
            ("trima(21)", lambda x, _: talib.TRIMA(x, 21)),
            ("kama(10)", lambda x, _: talib.KAMA(x, 10)),
            ("t3(5)", lambda x, _: talib.T3(x, 5, 0.7)),
            ("dema(12)", lambda x, _: talib.DEMA(x, 12)),
            ("tema(12)", lambda x, _: talib.TEMA(x, 12)),
            ("trend(14)", lambda x, _: talib.LINEARREG(x, 14)),
            ("slope(14)", lambda x, _: talib.LINEARREG_SLOPE(x, 14)),
            ("intercept(14)", lambda x, _: talib.LINEARREG_INTERCEPT(x, 14)),
            ("forecast(14)", lambda x, _: talib.TSF(x, 14)),
            ("correlation(close, open, 15)", lambda x, y: talib.CORREL(x, y, 15)),
            # TA-Lib's BETA(x, y) is the slope of y's changes on x's.
            ("beta(open.change(1), close.change(1), 5)", lambda x, y: talib.BETA(x, y, 5)),
            ("close.var(10)", lambda x, _: talib.VAR(x, 10) * (10 / 9)),
            ("mad(14)", lambda x, _: _deviation_of_cci(x)),
            ("roc_ratio(10)", lambda x, _: talib.ROCR(x, 10)),
            ("29 - argmax(30)", lambda x, _: talib.MAXINDEX(x, 30) - (np.arange(len(x)) - 29.0)),
            ("29 - argmin(30)", lambda x, _: talib.MININDEX(x, 30) - (np.arange(len(x)) - 29.0)),
        ],
    )
    def test_function(self, expression: str, call: Callable[[Column, Column], Column]) -> None:
        columns = [np.ascontiguousarray(self.raw[name].T) for name in ("close", "open")]
        expected = np.column_stack([call(x, y) for x, y in zip(*columns, strict=True)])
        found = values(expression, self.panel)
        known = np.isfinite(found).all(axis=1)
        assert known.sum() > 150
        np.testing.assert_allclose(found[known], expected[known], rtol=1e-9, atol=1e-9)


# CCI is (x - mean) / (0.015 mean deviation).
def _deviation_of_cci(x: Column) -> Column:
    return (x - talib.SMA(x, 14)) / (0.015 * talib.CCI(x, x, x, 14))


class TestHardNumbers:
    def test_of_equal_values(self) -> None:
        panel = panel_of({"close": np.full((40, 3), 0.1), "open": np.full((40, 3), 0.3)})
        for expression in ("skew(7)", "kurt(7)", "r_squared(7)", "correlation(close, open, 7)", "range_position(7)"):
            assert np.isnan(values(expression, panel)).all(), expression
        for expression in ("slope(7)", "mad(7)", "residual_std(7)", "argmax(7)", "max_drawdown(7)", "ewm_std(7)"):
            assert (values(expression, panel)[6:] == 0.0).all(), expression
        assert (values("ts_rank(7)", panel)[6:] == 4 / 7).all()
        assert (values("efficiency(7)", panel)[7:] == 1.0).all()
        for expression in ("kama(7)", "median(7)", "ewm_mean(7)"):
            assert (values(expression, panel)[7:] == 0.1).all(), expression

    def test_far_from_zero(self) -> None:
        # Any 4 in a row are 0 1 2 3 in some order, far up.
        close = 1e9 + np.tile([0.0, 1.0, 2.0, 3.0], 10)[:, None]
        panel = panel_of({"close": close, "open": close[::-1].copy()})
        np.testing.assert_allclose(values("covariance(close, open, 4)", panel)[3::4], -5 / 3, rtol=1e-12)
        np.testing.assert_allclose(values("skew(4)", panel)[3:], 0.0, atol=1e-12)
        np.testing.assert_allclose(values("slope(4)", panel)[3::4], 1.0, rtol=1e-12)
        np.testing.assert_allclose(values("mad(4)", panel)[3:], 1.0, rtol=1e-12)

    def test_a_level_below_zero_has_no_drawdown(self) -> None:
        panel = panel_of({"close": np.array([[5.0], [2.0], [4.0], [5.0], [4.5]])})
        found = values("max_drawdown(close - 3, 2)", panel)[:, 0]
        assert np.isnan(found[:3]).all()
        assert found[3:].tolist() == [0.0, -0.25]

    def test_quantile_of_few(self) -> None:
        panel = panel_of({"close": np.array([[4.0], [1.0], [np.nan], [3.0], [2.0], [7.0], [7.0]])})
        assert values("quantile(1, 0.7)", panel)[[0, 1, 3], 0].tolist() == [4.0, 1.0, 3.0]
        assert values("quantile(2, 0.25)", panel)[[1, 4, 6], 0].tolist() == [1.75, 2.25, 7.0]
        assert np.isnan(values("quantile(2, 0.25)", panel)[[0, 2, 3], 0]).all()
