"""The prices of a bar in one number, bands around them, and how far they swing."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import Kind, window
from midas.factors.operators.bar import BAR, CLOSE, HIGH, LOW, OPEN, RANGE, X, composed, rows, times
from midas.factors.unit import like, measured, number, relative

_of_bar = partial(composed, Kind.POINTWISE)
_windowed = partial(composed, Kind.WINDOW)
_averaged = partial(composed, Kind.RECURSIVE)

_FOUR = (OPEN, HIGH, LOW, CLOSE)
_BOLLINGER = (window(2, default=20), times("deviations", 2.0))
_KELTNER = (window(default=20), rows("atr_n", 10), times("multiple", 2.0))
_CHANDELIER = (window(default=22), times("multiple", 3.0))
# Bollinger divides by n, `std` by n - 1.
_WIDTH = "deviations * ((n - 1) / n) ** 0.5 * x.std(n)"
_BY_BOLLINGER = "Bollinger, Bollinger on Bollinger Bands (2001); as TA-Lib BBANDS"
_BY_RASCHKE = "Keltner (1960) in Raschke's form; as TA-Lib KC"
_BY_LEBEAU = "LeBeau, in Elder, Come Into My Trading Room (2002)"
_INCLUSIVE = "The row itself is one of the n: for a breakout compare with its .shift(1)."
_PER_ROW = "Per row, not annualised."
# Squares of logarithms of the bar's ratios.
_SPREAD = "log(high / low) ** 2"
_BODY = "log(close / open) ** 2"
_ROGERS = "log(high / close) * log(high / open) + log(low / close) * log(low / open)"
_YANG = "(0.34 / (1.34 + (n + 1) / (n - 1)))"

PRICES = (
    _of_bar(
        "typical_price",
        "Mean of high, low and close.",
        "(high + low + close) / 3",
        like,
        BAR,
        source="as TA-Lib TYPPRICE",
    ),
    _of_bar(
        "median_price", "Middle between high and low.", "(high + low) / 2", like, RANGE, source="as TA-Lib MEDPRICE"
    ),
    _of_bar(
        "weighted_close",
        "Mean of high, low and close, the close counted twice.",
        "(high + low + 2 * close) / 4",
        like,
        BAR,
        source="as TA-Lib WCLPRICE",
    ),
    _of_bar(
        "average_price",
        "Mean of open, high, low and close.",
        "(open + high + low + close) / 4",
        like,
        _FOUR,
        source="as TA-Lib AVGPRICE",
    ),
    _windowed(
        "midpoint",
        "Middle between the largest and the smallest of the last n values.",
        "(x.max(n) + x.min(n)) / 2",
        measured,
        (X,),
        window(default=14),
        source="as TA-Lib MIDPOINT",
    ),
    _windowed(
        "gap", "Open over the close of the row before, less 1.", "open / close.shift(1) - 1", relative, (OPEN, CLOSE)
    ),
)

BANDS = (
    _windowed(
        "bollinger_upper",
        "Mean of the last n values plus so many standard deviations (dividing by n).",
        f"x.mean(n) + {_WIDTH}",
        measured,
        (X,),
        *_BOLLINGER,
        source=_BY_BOLLINGER,
    ),
    _windowed(
        "bollinger_middle",
        "Mean of the last n values, between the Bollinger bands.",
        "x.mean(n)",
        measured,
        (X,),
        window(default=20),
        source=_BY_BOLLINGER,
    ),
    _windowed(
        "bollinger_lower",
        "Mean of the last n values less so many standard deviations (dividing by n).",
        f"x.mean(n) - {_WIDTH}",
        measured,
        (X,),
        *_BOLLINGER,
        source=_BY_BOLLINGER,
    ),
    _windowed(
        "bollinger_bandwidth",
        "Distance between the Bollinger bands over the middle.",
        f"2 * {_WIDTH} / x.mean(n)",
        number,
        (X,),
        *_BOLLINGER,
        source=_BY_BOLLINGER,
    ),
    _windowed(
        "bollinger_percent_b",
        "Where x lies between the Bollinger bands: 0 at the lower, 1 at the upper.",
        f"0.5 + (x - x.mean(n)) / (2 * {_WIDTH})",
        number,
        (X,),
        *_BOLLINGER,
        source=_BY_BOLLINGER,
    ),
    _averaged(
        "keltner_upper",
        "Exponential average of the typical price plus a multiple of the average true range.",
        "typical_price(high, low, close).ema(n) + multiple * atr(high, low, close, atr_n)",
        like,
        BAR,
        *_KELTNER,
        source=_BY_RASCHKE,
    ),
    _averaged(
        "keltner_lower",
        "Exponential average of the typical price less a multiple of the average true range.",
        "typical_price(high, low, close).ema(n) - multiple * atr(high, low, close, atr_n)",
        like,
        BAR,
        *_KELTNER,
        source=_BY_RASCHKE,
    ),
    _windowed(
        "donchian_upper",
        f"Highest high of the last n rows. {_INCLUSIVE}",
        "high.max(n)",
        measured,
        (HIGH,),
        window(default=20),
        source="as TA-Lib DONCHIAN",
    ),
    _windowed(
        "donchian_lower",
        f"Lowest low of the last n rows. {_INCLUSIVE}",
        "low.min(n)",
        measured,
        (LOW,),
        window(default=20),
        source="as TA-Lib DONCHIAN",
    ),
    _windowed(
        "donchian_middle",
        f"Middle between the highest high and the lowest low of the last n rows. {_INCLUSIVE}",
        "(high.max(n) + low.min(n)) / 2",
        like,
        RANGE,
        window(default=20),
        source="as TA-Lib MIDPRICE",
        aliases=("midprice",),
    ),
    _windowed(
        "acceleration_upper",
        "Mean of the highs, each raised by twice the bar's range over its median price.",
        "(high * (1 + 4 * (high - low) / (high + low))).mean(n)",
        like,
        RANGE,
        window(default=20),
        source="Headley, Big Trends in Trading (2002); as TA-Lib ACCBANDS",
    ),
    _windowed(
        "acceleration_lower",
        "Mean of the lows, each lowered by twice the bar's range over its median price.",
        "(low * (1 - 4 * (high - low) / (high + low))).mean(n)",
        like,
        RANGE,
        window(default=20),
        source="Headley, Big Trends in Trading (2002); as TA-Lib ACCBANDS",
    ),
    _averaged(
        "chandelier_long",
        "Trailing exit of a long position: highest high of n rows less a multiple of the average true range.",
        "high.max(n) - multiple * atr(high, low, close, n)",
        like,
        BAR,
        *_CHANDELIER,
        source=_BY_LEBEAU,
    ),
    _averaged(
        "chandelier_short",
        "Trailing exit of a short position: lowest low of n rows plus a multiple of the average true range.",
        "low.min(n) + multiple * atr(high, low, close, n)",
        like,
        BAR,
        *_CHANDELIER,
        source=_BY_LEBEAU,
    ),
)

VOLATILITY = (
    _averaged(
        "natr",
        "Average true range in percent of the close.",
        "100 * atr(high, low, close, n) / close",
        relative,
        BAR,
        window(default=14),
        source="as TA-Lib NATR",
    ),
    _windowed(
        "average_day_range",
        "Mean of high less low.",
        "(high - low).mean(n)",
        like,
        RANGE,
        window(default=14),
        source="as TA-Lib ADR",
    ),
    _averaged(
        "chaikin_volatility",
        "Change over `back` rows of the exponential average of high less low, in percent.",
        "100 * (high - low).ema(n).change(back)",
        relative,
        RANGE,
        window(default=10),
        rows("back", 10),
        source="Chaikin; as TA-Lib CVI",
    ),
    _windowed(
        "parkinson",
        f"Volatility from high and low. {_PER_ROW}",
        f"sqrt(({_SPREAD}).mean(n) / 2.772588722239781)",
        relative,
        RANGE,
        window(default=20),
        source="Parkinson (1980); the divisor is 4 ln 2",
    ),
    _windowed(
        "garman_klass",
        f"Volatility from open, high, low and close, for a price without drift. {_PER_ROW}",
        f"sqrt(({_SPREAD} / 2 - 0.3862943611198906 * {_BODY}).mean(n))",
        relative,
        _FOUR,
        window(default=20),
        source="Garman and Klass (1980); the weight is 2 ln 2 - 1",
    ),
    _windowed(
        "rogers_satchell",
        f"Volatility from open, high, low and close, whatever the drift. {_PER_ROW}",
        f"sqrt(({_ROGERS}).mean(n))",
        relative,
        _FOUR,
        window(default=20),
        source="Rogers and Satchell (1991)",
    ),
    _windowed(
        "yang_zhang",
        f"Volatility from open, high, low and close, whatever the drift and the overnight gap. {_PER_ROW}",
        f"sqrt(log(open / close.shift(1)).var(n) + {_YANG} * log(close / open).var(n) "
        f"+ (1 - {_YANG}) * ({_ROGERS}).mean(n))",
        relative,
        _FOUR,
        window(2, default=20),
        source="Yang and Zhang (2000)",
    ),
)

ENTRIES = (*PRICES, *BANDS, *VOLATILITY)
