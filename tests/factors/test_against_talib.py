"""Price and volume indicators against TA-Lib on Apple's real bars."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import talib
from tests.factors.apple import APPLE, APPLE_PANEL, Bars
from tests.factors.markets import values

from midas.factors.plan import compile_plan
from midas.factors.text import parse

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


class TestOrigin:
    def test_a_sum_since_the_first_row_moves_only_its_level(self) -> None:
        early, late = (
            values("obv()", APPLE_PANEL)[:, 0],
            values("obv()", APPLE_PANEL, np.arange(500, 3000), first_row=500)[:, 0],
        )
        moves = np.diff(late[1:])
        assert np.array_equal(moves, np.diff(early[501:3000]))
