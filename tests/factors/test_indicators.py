"""Price and volume indicators against pandas on a market with gaps, and against TA-Lib on Apple's real bars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import talib
from tests.factors.markets import panel_of, values
from tests.factors.test_oracles import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    PANEL,
    VOLUME,
    Frame,
    flags,
    present,
    smoothed,
    true_range,
)

from midas.core.errors import StrategyInvalid
from midas.factors.catalogue import OPERATORS
from midas.factors.node import apply, field
from midas.factors.plan import compile_plan
from midas.factors.text import parse, read_formula
from midas.factors.unit import Unit
from midas.integrations.sample.parse import package_file, read_stocks

TYPICAL = (HIGH + LOW + CLOSE) / 3
MEDIAN = (HIGH + LOW) / 2
LAST = CLOSE.shift(1)
TRUE = true_range()


def rolled(frame: Frame, n: int, function: Callable[..., np.ndarray]) -> Frame:
    found = np.full(frame.shape, np.nan)
    found[n - 1 :] = function(np.lib.stride_tricks.sliding_window_view(frame.to_numpy(), n, axis=0), axis=2)
    return pd.DataFrame(found, frame.index, frame.columns)


def mean(frame: Frame, n: int) -> Frame:
    return rolled(frame, n, np.mean)


def total(frame: Frame, n: int) -> Frame:
    return rolled(frame, n, np.sum)


def spread(frame: Frame, n: int, ddof: int) -> Frame:
    return rolled(frame, n, partial(np.std, ddof=ddof))


def latest_of_highest(windows: np.ndarray, axis: int) -> np.ndarray:
    place = windows.shape[axis] - 1 - np.argmax(np.flip(windows, axis), axis)
    return np.where(np.isnan(windows).any(axis), np.nan, place)


def distance_from_mean(windows: np.ndarray, axis: int) -> np.ndarray:
    return np.abs(windows - windows.mean(axis, keepdims=True)).mean(axis)


def highest(frame: Frame, n: int) -> Frame:
    return frame.rolling(n).max()


def lowest(frame: Frame, n: int) -> Frame:
    return frame.rolling(n).min()


def ema(frame: Frame, n: int) -> Frame:
    return smoothed(frame, n, 2 / (n + 1))


def wilder(frame: Frame, n: int) -> Frame:
    return smoothed(frame, n, 1 / n)


def rsi(n: int) -> Frame:
    return present(lambda x: talib.RSI(x, n), CLOSE, n + 1)


def middle(n: int, m: int | None = None) -> Frame:
    return (highest(HIGH, n) + lowest(LOW, m or n)) / 2


def located(frame: Frame, n: int) -> Frame:
    return 100 * (frame - lowest(frame, n)) / (highest(frame, n) - lowest(frame, n)).replace(0, np.nan)


def fast_k(n: int) -> Frame:
    return 100 * (CLOSE - lowest(LOW, n)) / (highest(HIGH, n) - lowest(LOW, n)).replace(0, np.nan)


def bought(n: int) -> Frame:
    return total(CLOSE - LOW.where(LOW < LAST, LAST).where(LAST.notna()), n) / total(TRUE, n)


def moved(up: bool) -> Frame:
    rise, fall = HIGH - HIGH.shift(1), LOW.shift(1) - LOW
    mine, other = (rise, fall) if up else (fall, rise)
    return mine.where((mine > other) & (mine > 0), 0.0).where(rise.notna() & fall.notna())


def directed(up: bool, n: int) -> Frame:
    return 100 * wilder(moved(up), n) / wilder(TRUE, n)


def dx(n: int) -> Frame:
    plus, minus = directed(True, n), directed(False, n)
    return (100 * (plus - minus).abs() / (plus + minus)).replace(np.inf, np.nan)


def signed() -> Frame:
    place = ((CLOSE - LOW) - (HIGH - CLOSE)) / (HIGH - LOW)
    return place.where(HIGH != LOW, 0.0).where(HIGH.notna()) * VOLUME


def money_flow(n: int) -> Frame:
    was, value = TYPICAL.diff(), TYPICAL * VOLUME
    rising = value.where(was > 0, 0.0).where(was.notna())
    falling = value.where(was < 0, 0.0).where(was.notna())
    return 100 * total(rising, n) / (total(rising, n) + total(falling, n))


def by_bar(walk: Callable[[Frame], np.ndarray], *frames: Frame) -> Frame:
    """Apply to each name's bars that have all of `frames`, as if the others did not exist."""
    result = pd.DataFrame(np.nan, CLOSE.index, CLOSE.columns)
    for column in CLOSE:
        bars = pd.concat([frame[column] for frame in frames], axis=1, keys=range(len(frames))).dropna()
        if len(bars) > 1:
            result.loc[bars.index, column] = walk(bars)
    return result


def summed_with_sign(bars: Frame) -> np.ndarray:
    obv, found = 0.0, [np.nan]
    for (_, before), (_, bar) in zip(bars.iloc[:-1].iterrows(), bars.iloc[1:].iterrows(), strict=True):
        obv += bar[1] if bar[0] > before[0] else -bar[1] if bar[0] < before[0] else 0.0
        found.append(obv)
    return np.array(found)


def compounded(*, on_more: bool) -> Callable[[Frame], np.ndarray]:
    def walk(bars: Frame) -> np.ndarray:
        index, found = 1000.0, [np.nan]
        for (_, before), (_, bar) in zip(bars.iloc[:-1].iterrows(), bars.iloc[1:].iterrows(), strict=True):
            counts = bar[1] > before[1] if on_more else bar[1] < before[1]
            index *= bar[0] / before[0] if counts else 1.0
            found.append(index)
        return np.array(found)

    return walk


def parabolic(step: float, limit: float) -> Callable[[Frame], np.ndarray]:
    """Wilder's rules written out for both sides."""

    def walk(bars: Frame) -> np.ndarray:
        high, low = bars[0].to_numpy(), bars[1].to_numpy()
        found = [np.nan]
        down, up = low[0] - low[1], high[1] - high[0]
        rising = not (down > 0 and down > up)
        stop, extreme, speed = (low[0], high[1], step) if rising else (high[0], low[1], step)
        for t in range(1, len(high)):
            before = max(t - 1, 1)
            if rising and low[t] <= stop:
                rising, stop = False, max(extreme, high[before], high[t])
                found.append(stop)
                extreme, speed = low[t], step
                stop = max(stop + speed * (extreme - stop), high[before], high[t])
            elif rising:
                found.append(stop)
                if high[t] > extreme:
                    extreme, speed = high[t], min(speed + step, limit)
                stop = min(stop + speed * (extreme - stop), low[before], low[t])
            elif high[t] >= stop:
                rising, stop = True, min(extreme, low[before], low[t])
                found.append(stop)
                extreme, speed = high[t], step
                stop = min(stop + speed * (extreme - stop), low[before], low[t])
            else:
                found.append(stop)
                if low[t] < extreme:
                    extreme, speed = low[t], min(speed + step, limit)
                stop = max(stop + speed * (extreme - stop), high[before], high[t])
        return np.array(found)

    return walk


def trailed(bars: Frame) -> np.ndarray:
    found, upper, lower, rising, last = [], np.inf, -np.inf, False, np.nan
    for _, (centre, width, close) in bars.iterrows():
        upper = min(upper, centre + width) if not last > upper else centre + width
        lower = max(lower, centre - width) if not last < lower else centre - width
        rising = close >= lower if rising else close > upper
        found.append(lower if rising else upper)
        last = close
    return np.array(found)


def yang_zhang(n: int) -> Frame:
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    night, day = spread(np.log(OPEN / LAST), n, 1) ** 2, spread(np.log(CLOSE / OPEN), n, 1) ** 2
    return np.sqrt(night + k * day + (1 - k) * rogers_satchell(n) ** 2)


def rogers_satchell(n: int) -> Frame:
    high, low = np.log(HIGH / OPEN), np.log(LOW / OPEN)
    body = np.log(CLOSE / OPEN)
    return np.sqrt(mean(high * (high - body) + low * (low - body), n))


def garman_klass(n: int) -> Frame:
    return np.sqrt(mean(np.log(HIGH / LOW) ** 2 / 2 - (2 * np.log(2) - 1) * np.log(CLOSE / OPEN) ** 2, n))


def ppo() -> Frame:
    return 100 * (ema(CLOSE, 3) - ema(CLOSE, 6)) / ema(CLOSE, 6)


def tripled(n: int) -> Frame:
    return ema(ema(ema(CLOSE, n), n), n)


def awesome() -> Frame:
    return mean(MEDIAN, 3) - mean(MEDIAN, 7)


def weighted(windows: np.ndarray, axis: int) -> np.ndarray:
    return np.average(windows, axis, np.arange(1, windows.shape[axis] + 1))


def foretold(windows: np.ndarray, axis: int) -> np.ndarray:
    n = windows.shape[axis]
    return np.apply_along_axis(
        lambda y: np.nan if np.isnan(y).any() else np.polyval(np.polyfit(np.arange(n), y, 1), n), axis, windows
    )


def both(one: Frame, other: Frame) -> Frame:
    return flags(one & other, HIGH, HIGH.shift(1), LOW, LOW.shift(1))


def engulfed(*, up: bool) -> Frame:
    """By TA-Lib where the row and the one before are there, else what ours says: 0 may be known without all four."""
    there = np.array(OPEN.notna() & CLOSE.notna())
    there[1:] &= there[:-1].copy()
    found = np.array(values(f"engulfing_{'up' if up else 'down'}()", PANEL))
    for column in CLOSE:
        found_by_talib = talib.CDLENGULFING(*(f[column].fillna(1.0).to_numpy() for f in (OPEN, HIGH, LOW, CLOSE)))
        known = there[:, column] & (np.arange(len(found)) > 1)
        found[known, column] = (found_by_talib > 0 if up else found_by_talib < 0)[known]
    return pd.DataFrame(found)


def macd() -> Frame:
    return ema(CLOSE, 3) - ema(CLOSE, 6)


ORACLES: dict[str, Callable[[], Frame]] = {
    "acceleration_upper(5)": lambda: mean(HIGH + 2 * HIGH * (HIGH - LOW) / MEDIAN, 5),
    "acceleration_lower(5)": lambda: mean(LOW - 2 * LOW * (HIGH - LOW) / MEDIAN, 5),
    "chaikin_volatility(4, 3)": lambda: 100 * (ema(HIGH - LOW, 4) / ema(HIGH - LOW, 4).shift(3) - 1),
    "awesome_acceleration(3, 7, 2)": lambda: awesome() - mean(awesome(), 2),
    "coppock(4, 2, 5)": lambda: rolled(100 * (CLOSE / CLOSE.shift(5) + CLOSE / CLOSE.shift(2) - 2), 4, weighted),
    "forecast_oscillator(5)": lambda: 100 * (CLOSE - rolled(CLOSE, 5, foretold).shift(1)) / CLOSE,
    "qstick(5)": lambda: mean(CLOSE - OPEN, 5),
    "stochastic_momentum(5, 2, 4)": lambda: (
        100 * ema(ema(CLOSE - middle(5), 4), 2) / (ema(ema(highest(HIGH, 5) - lowest(LOW, 5), 4), 2) / 2)
    ),
    "doji(5, 0.4)": lambda: flags(
        (CLOSE - OPEN).abs() <= 0.4 * mean(HIGH - LOW, 5).shift(1), OPEN, CLOSE, mean(HIGH - LOW, 5).shift(1)
    ),
    "engulfing_up()": lambda: engulfed(up=True),
    "engulfing_down()": lambda: engulfed(up=False),
    "inside_bar()": lambda: both(HIGH.shift(1) >= HIGH, LOW.shift(1) <= LOW),
    "outside_bar()": lambda: both(HIGH.shift(1) < HIGH, LOW.shift(1) > LOW),
    "typical_price()": lambda: TYPICAL,
    "median_price()": lambda: MEDIAN,
    "weighted_close()": lambda: (HIGH + LOW + CLOSE + CLOSE) / 4,
    "average_price()": lambda: (OPEN + HIGH + LOW + CLOSE) / 4,
    "midpoint(5)": lambda: (highest(CLOSE, 5) + lowest(CLOSE, 5)) / 2,
    "gap()": lambda: OPEN / LAST - 1,
    "bollinger_upper(6, 1.5)": lambda: mean(CLOSE, 6) + 1.5 * spread(CLOSE, 6, 0),
    "bollinger_middle(6)": lambda: mean(CLOSE, 6),
    "bollinger_lower(6, 1.5)": lambda: mean(CLOSE, 6) - 1.5 * spread(CLOSE, 6, 0),
    "bollinger_bandwidth(6, 1.5)": lambda: 3 * spread(CLOSE, 6, 0) / mean(CLOSE, 6),
    "bollinger_percent_b(6, 1.5)": lambda: (
        (CLOSE - mean(CLOSE, 6) + 1.5 * spread(CLOSE, 6, 0)) / (3 * spread(CLOSE, 6, 0)).replace(0, np.nan)
    ),
    "keltner_upper(5, 4, 1.5)": lambda: ema(TYPICAL, 5) + 1.5 * wilder(TRUE, 4),
    "keltner_lower(5, 4, 1.5)": lambda: ema(TYPICAL, 5) - 1.5 * wilder(TRUE, 4),
    "donchian_upper(5)": lambda: highest(HIGH, 5),
    "donchian_lower(5)": lambda: lowest(LOW, 5),
    "donchian_middle(5)": lambda: middle(5),
    "chandelier_long(5, 2)": lambda: highest(HIGH, 5) - 2 * wilder(TRUE, 5),
    "chandelier_short(5, 2)": lambda: lowest(LOW, 5) + 2 * wilder(TRUE, 5),
    "natr(5)": lambda: 100 * wilder(TRUE, 5) / CLOSE,
    "average_day_range(5)": lambda: mean(HIGH - LOW, 5),
    "parkinson(5)": lambda: np.sqrt(mean(np.log(HIGH / LOW) ** 2, 5) / (4 * np.log(2))),
    "garman_klass(5)": lambda: garman_klass(5),
    "rogers_satchell(5)": lambda: rogers_satchell(5),
    "yang_zhang(5)": lambda: yang_zhang(5),
    "roc(5)": lambda: 100 * (CLOSE / CLOSE.shift(5) - 1),
    "macd(3, 6)": macd,
    "macd_signal(3, 6, 4)": lambda: ema(macd(), 4),
    "macd_histogram(3, 6, 4)": lambda: macd() - ema(macd(), 4),
    "ppo(3, 6)": ppo,
    "ppo_signal(3, 6, 4)": lambda: ema(ppo(), 4),
    "ppo_histogram(3, 6, 4)": lambda: ppo() - ema(ppo(), 4),
    "trix(4)": lambda: 100 * (tripled(4) / tripled(4).shift(1) - 1),
    "true_strength(5, 3)": lambda: 100 * ema(ema(CLOSE.diff(), 5), 3) / ema(ema(CLOSE.diff().abs(), 5), 3),
    "dpo(6, 4)": lambda: CLOSE.shift(4) - mean(CLOSE, 6),
    "cmo(5)": lambda: 2 * rsi(5) - 100,
    "awesome(3, 7)": lambda: mean(MEDIAN, 3) - mean(MEDIAN, 7),
    "stochastic_fast_k(5)": lambda: fast_k(5),
    "stochastic_k(5, 3)": lambda: mean(fast_k(5), 3),
    "stochastic_d(5, 3, 2)": lambda: mean(mean(fast_k(5), 3), 2),
    "stochastic_rsi(4, 5)": lambda: located(rsi(4), 5),
    "stochastic_rsi_k(4, 5, 3)": lambda: mean(located(rsi(4), 5), 3),
    "stochastic_rsi_d(4, 5, 3, 2)": lambda: mean(mean(located(rsi(4), 5), 3), 2),
    "cci(5)": lambda: (TYPICAL - mean(TYPICAL, 5)) / (0.015 * rolled(TYPICAL, 5, distance_from_mean)),
    "williams_r(5)": lambda: fast_k(5) - 100,
    "ultimate_oscillator(2, 4, 6)": lambda: 100 * (4 * bought(2) + 2 * bought(4) + bought(6)) / 7,
    "bop()": lambda: (CLOSE - OPEN) / (HIGH - LOW).replace(0, np.nan),
    "intraday_momentum(5)": lambda: 100 * total((CLOSE - OPEN).clip(lower=0), 5) / total((CLOSE - OPEN).abs(), 5),
    "bull_power(5)": lambda: HIGH - ema(CLOSE, 5),
    "bear_power(5)": lambda: LOW - ema(CLOSE, 5),
    "plus_dm()": lambda: moved(True),
    "minus_dm()": lambda: moved(False),
    "plus_di(4)": lambda: directed(True, 4),
    "minus_di(4)": lambda: directed(False, 4),
    "dx(4)": lambda: dx(4),
    "adx(4)": lambda: wilder(dx(4), 4),
    "adxr(4)": lambda: (wilder(dx(4), 4) + wilder(dx(4), 4).shift(3)) / 2,
    "aroon_up(5)": lambda: 20 * rolled(HIGH, 6, latest_of_highest),
    "aroon_down(5)": lambda: 20 * rolled(-LOW, 6, latest_of_highest),
    "aroon_oscillator(5)": lambda: 20 * (rolled(HIGH, 6, latest_of_highest) - rolled(-LOW, 6, latest_of_highest)),
    "vortex_plus(5)": lambda: total((HIGH - LOW.shift(1)).abs(), 5) / total(TRUE, 5),
    "vortex_minus(5)": lambda: total((LOW - HIGH.shift(1)).abs(), 5) / total(TRUE, 5),
    "mass_index(4, 5)": lambda: total(ema(HIGH - LOW, 4) / ema(ema(HIGH - LOW, 4), 4), 5),
    "vertical_horizontal(5)": lambda: (highest(CLOSE, 5) - lowest(CLOSE, 5)) / total(CLOSE.diff().abs(), 5),
    "ichimoku_conversion(3)": lambda: middle(3),
    "ichimoku_base(5)": lambda: middle(5),
    "ichimoku_span_a(3, 5)": lambda: (middle(3) + middle(5)) / 2,
    "ichimoku_span_b(7)": lambda: middle(7),
    "sar(0.03, 0.1)": lambda: by_bar(parabolic(0.03, 0.1), HIGH, LOW),
    "trailing_band(close.mean(3), 2, close)": lambda: by_bar(trailed, mean(CLOSE, 3), CLOSE * 0 + 2, CLOSE),
    "supertrend(4, 1.5)": lambda: by_bar(trailed, MEDIAN, 1.5 * wilder(TRUE, 4), CLOSE),
    "previous(high)": lambda: present(lambda x: np.concatenate([[np.nan], x[:-1]]), HIGH, 1),
    "cumulative(volume)": lambda: present(np.cumsum, VOLUME, 1),
    "obv()": lambda: by_bar(summed_with_sign, CLOSE, VOLUME),
    "pvt()": lambda: by_bar(lambda bars: (bars[0].pct_change() * bars[1]).cumsum().to_numpy(), CLOSE, VOLUME),
    "nvi()": lambda: by_bar(compounded(on_more=False), CLOSE, VOLUME),
    "pvi()": lambda: by_bar(compounded(on_more=True), CLOSE, VOLUME),
    "ad()": lambda: present(np.cumsum, signed(), 1),
    "adosc(3, 5)": lambda: ema(present(np.cumsum, signed(), 1), 3) - ema(present(np.cumsum, signed(), 1), 5),
    "mfi(5)": lambda: money_flow(5),
    "cmf(5)": lambda: total(signed(), 5) / total(VOLUME, 5),
    "vwap(5)": lambda: total(TYPICAL * VOLUME, 5) / total(VOLUME, 5),
    "volume_weighted_mean(5)": lambda: total(CLOSE * VOLUME, 5) / total(VOLUME, 5),
    "force_index(5)": lambda: ema(CLOSE.diff() * VOLUME, 5),
    "ease_of_movement(5, 100)": lambda: mean(MEDIAN.diff() / (VOLUME / 100 / (HIGH - LOW)), 5),
    "market_facilitation()": lambda: (HIGH - LOW) / VOLUME,
    "volume_oscillator(3, 5)": lambda: 100 * (mean(VOLUME, 3) - mean(VOLUME, 5)) / mean(VOLUME, 5),
    "pvo(3, 5)": lambda: 100 * (ema(VOLUME, 3) - ema(VOLUME, 5)) / ema(VOLUME, 5),
    "relative_volume(5)": lambda: VOLUME / mean(VOLUME, 5),
}


@pytest.mark.parametrize("expression", ORACLES)
def test_with_gaps(expression: str) -> None:
    expected = ORACLES[expression]().to_numpy(dtype=float)
    assert np.isfinite(expected).sum() > expected.size / 4
    size = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(values(expression, PANEL), expected, rtol=1e-9, atol=1e-12 * size)


class Bars(NamedTuple):
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


def of_apple() -> tuple[np.ndarray, Bars]:
    read = read_stocks(package_file("bokeh_sampledata", "_data/stocks.csv.gz"))
    apple = read.filter(read["symbol"] == "AAPL.XNAS").sort("ts")
    return apple["ts"].to_numpy(), Bars(*(apple[name].to_numpy().astype(float) for name in Bars._fields))


APPLE_DAYS, APPLE = of_apple()
APPLE_PANEL = panel_of({name: values[:, None] for name, values in APPLE._asdict().items()})

# Where TA-Lib starts an average from other values than the mean of the first n, warm-up has made up for it.
TALIB: dict[str, Callable[[Bars], np.ndarray]] = {
    "acceleration_upper()": lambda b: talib.ACCBANDS(b.high, b.low, b.close)[0],
    "acceleration_lower()": lambda b: talib.ACCBANDS(b.high, b.low, b.close)[2],
    "chaikin_volatility()": lambda b: talib.CVI(b.high, b.low),
    "awesome_acceleration()": lambda b: talib.AC(b.high, b.low),
    "coppock()": lambda b: talib.COPPOCK(b.close),
    "forecast_oscillator()": lambda b: talib.FOSC(b.close, 14),
    "qstick()": lambda b: talib.QSTICK(b.open, b.close),
    "stochastic_momentum()": lambda b: talib.SMI(b.high, b.low, b.close)[0],
    "doji()": lambda b: talib.CDLDOJI(b.open, b.high, b.low, b.close) / 100.0,
    "engulfing_up()": lambda b: (talib.CDLENGULFING(b.open, b.high, b.low, b.close) > 0).astype(float),
    "engulfing_down()": lambda b: (talib.CDLENGULFING(b.open, b.high, b.low, b.close) < 0).astype(float),
    "typical_price()": lambda b: talib.TYPPRICE(b.high, b.low, b.close),
    "median_price()": lambda b: talib.MEDPRICE(b.high, b.low),
    "weighted_close()": lambda b: talib.WCLPRICE(b.high, b.low, b.close),
    "average_price()": lambda b: talib.AVGPRICE(b.open, b.high, b.low, b.close),
    "midpoint()": lambda b: talib.MIDPOINT(b.close, 14),
    "midprice(14)": lambda b: talib.MIDPRICE(b.high, b.low, 14),
    "bollinger_upper()": lambda b: talib.BBANDS(b.close, 20, 2, 2)[0],
    "bollinger_middle()": lambda b: talib.BBANDS(b.close, 20, 2, 2)[1],
    "bollinger_lower()": lambda b: talib.BBANDS(b.close, 20, 2, 2)[2],
    "keltner_upper()": lambda b: talib.KC(b.high, b.low, b.close)[0],
    "keltner_lower()": lambda b: talib.KC(b.high, b.low, b.close)[2],
    "donchian_upper()": lambda b: talib.DONCHIAN(b.high, b.low)[0],
    "donchian_middle()": lambda b: talib.DONCHIAN(b.high, b.low)[1],
    "donchian_lower()": lambda b: talib.DONCHIAN(b.high, b.low)[2],
    "natr()": lambda b: talib.NATR(b.high, b.low, b.close),
    "average_day_range()": lambda b: talib.ADR(b.high, b.low),
    "roc()": lambda b: talib.ROC(b.close, 10),
    "macd()": lambda b: talib.MACD(b.close)[0],
    "macd_signal()": lambda b: talib.MACD(b.close)[1],
    "macd_histogram()": lambda b: talib.MACD(b.close)[2],
    "mom(10)": lambda b: talib.MOM(b.close, 10),
    "apo()": lambda b: talib.APO(b.close, 12, 26, matype=1),
    "ppo()": lambda b: talib.PPO(b.close, 12, 26, matype=1),
    "trix()": lambda b: talib.TRIX(b.close, 15),
    "tsi()": lambda b: talib.TSI(b.close),
    "dpo()": lambda b: talib.DPO(b.close),
    "cmo()": lambda b: talib.CMO(b.close),
    "awesome()": lambda b: talib.AO(b.high, b.low),
    "stochastic_fast_k(5)": lambda b: talib.STOCHF(b.high, b.low, b.close, 5, 3)[0],
    "stochastic_fast_d(5, 3)": lambda b: talib.STOCHF(b.high, b.low, b.close, 5, 3)[1],
    "stochastic_k()": lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3)[0],
    "stochastic_d()": lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3)[1],
    "stochastic_rsi(14, 5)": lambda b: talib.STOCHRSI(b.close, 14, 5, 3)[0],
    "stochastic_rsi_k(14, 5, 3)": lambda b: talib.STOCHRSI(b.close, 14, 5, 3)[1],
    "cci()": lambda b: talib.CCI(b.high, b.low, b.close, 20),
    "williams_r()": lambda b: talib.WILLR(b.high, b.low, b.close),
    "ultimate_oscillator()": lambda b: talib.ULTOSC(b.high, b.low, b.close),
    "bop()": lambda b: talib.BOP(b.open, b.high, b.low, b.close),
    "intraday_momentum()": lambda b: talib.IMI(b.open, b.close),
    "bull_power()": lambda b: talib.ERI(b.high, b.low, b.close)[0],
    "bear_power()": lambda b: talib.ERI(b.high, b.low, b.close)[1],
    "plus_dm()": lambda b: talib.PLUS_DM(b.high, b.low, 1),
    "minus_dm()": lambda b: talib.MINUS_DM(b.high, b.low, 1),
    "plus_di()": lambda b: talib.PLUS_DI(b.high, b.low, b.close),
    "minus_di()": lambda b: talib.MINUS_DI(b.high, b.low, b.close),
    "dx()": lambda b: talib.DX(b.high, b.low, b.close),
    "adx()": lambda b: talib.ADX(b.high, b.low, b.close),
    "adxr()": lambda b: talib.ADXR(b.high, b.low, b.close),
    "aroon_up()": lambda b: talib.AROON(b.high, b.low)[1],
    "aroon_down()": lambda b: talib.AROON(b.high, b.low)[0],
    "aroon_oscillator()": lambda b: talib.AROONOSC(b.high, b.low),
    "vortex_plus()": lambda b: talib.VORTEX(b.high, b.low, b.close)[0],
    "vortex_minus()": lambda b: talib.VORTEX(b.high, b.low, b.close)[1],
    "mass_index()": lambda b: talib.MASSI(b.high, b.low),
    "vertical_horizontal()": lambda b: talib.VHF(b.close),
    "sar()": lambda b: talib.SAR(b.high, b.low),
    "sar(0.05, 0.12)": lambda b: talib.SAR(b.high, b.low, 0.05, 0.12),
    "supertrend()": lambda b: talib.SUPERTREND(b.high, b.low, b.close)[0],
    "cumulative(volume)": lambda b: talib.CUMSUM(b.volume),
    "obv()": lambda b: talib.OBV(b.close, b.volume) - b.volume[0],
    "pvt()": lambda b: talib.PVT(b.close, b.volume),
    "nvi()": lambda b: talib.NVI(b.close, b.volume),
    "pvi()": lambda b: talib.PVI(b.close, b.volume),
    "ad()": lambda b: talib.AD(b.high, b.low, b.close, b.volume),
    "adosc()": lambda b: talib.ADOSC(b.high, b.low, b.close, b.volume),
    "mfi()": lambda b: talib.MFI(b.high, b.low, b.close, b.volume),
    "cmf()": lambda b: talib.CMF(b.high, b.low, b.close, b.volume),
    "vwma()": lambda b: talib.VWMA(b.close, b.volume, 20),
    "force_index()": lambda b: talib.EFI(b.close, b.volume),
    "market_facilitation()": lambda b: talib.MARKETFI(b.high, b.low, b.volume),
    "pvo()": lambda b: talib.PVO(b.volume, 12, 26),
}


@pytest.mark.parametrize("expression", TALIB)
def test_as_talib_on_apple(expression: str) -> None:
    expected = TALIB[expression](APPLE)
    warm = max(compile_plan(parse(expression)).warmup, int(np.isnan(expected).sum()))
    assert warm < len(expected) / 4
    size = np.nanmax(np.abs(expected))
    np.testing.assert_allclose(
        values(expression, APPLE_PANEL)[warm:, 0], expected[warm:], rtol=1e-9, atol=1e-9 * min(1.0, size) + 1e-12 * size
    )


class TestUnits:
    @pytest.mark.parametrize("name", [name for name, operator in OPERATORS.items() if operator.formula])
    def test_a_formula_has_the_unit_its_operator_says(self, name: str) -> None:
        operator = OPERATORS[name]
        heads = [*(place.name for place in operator.inputs), *(p.name for p in operator.parameters)]
        inputs = [parse("close > open") if p.flag else field(p.field or "close") for p in operator.inputs]
        numbers = [max(p.low, 2) if p.default is None else p.default for p in operator.parameters]
        built = read_formula(operator.formula, dict(zip(heads, [*inputs, *numbers], strict=True)))
        # A price weighted by a volume loses its unit on the way; the operator knows better.
        assert built.unit in (apply(operator, *inputs, *numbers).unit, Unit.NUMBER)

    @pytest.mark.parametrize("name", [name for name, operator in OPERATORS.items() if operator.formula])
    def test_a_formula_takes_the_smallest_numbers_its_operator_takes(self, name: str) -> None:
        operator = OPERATORS[name]
        inputs = [parse("close > open") if p.flag else field(p.field or "close") for p in operator.inputs]
        assert compile_plan(apply(operator, *inputs, *(p.low for p in operator.parameters))).nodes

    def test_prices_of_one_bar_are_of_one_kind(self) -> None:
        for text in ("natr(high, raw_low, close, 5)", "atr(high, low, volume)", "adx(high, low, raw_close, 5)"):
            with pytest.raises(StrategyInvalid):
                parse(text)

    def test_a_weighted_price_is_a_price(self) -> None:
        assert parse("close > vwap(20)").unit is Unit.FLAG
        with pytest.raises(StrategyInvalid):
            parse("volume > vwap(20)")


class TestOrigin:
    def test_a_sum_since_the_first_row_moves_only_its_level(self) -> None:
        early, late = (
            values("obv()", APPLE_PANEL)[:, 0],
            values("obv()", APPLE_PANEL, np.arange(500, 3000), first_row=500)[:, 0],
        )
        moves = np.diff(late[1:])
        assert np.array_equal(moves, np.diff(early[501:3000]))
