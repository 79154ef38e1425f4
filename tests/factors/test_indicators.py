"""Price and volume indicators against pandas on a market with gaps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
import talib
from tests.factors.markets import values
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
