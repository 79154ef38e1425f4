"""Momentum of a price: how fast it moves, and where it stands in what it did lately."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import Kind, window
from midas.factors.operators.bar import BAR, CLOSE, HIGH, LOW, OPEN, RANGE, X, composed, rows
from midas.factors.unit import like, measured, number, relative

_windowed = partial(composed, Kind.WINDOW)
_averaged = partial(composed, Kind.RECURSIVE)

_SPANS = (rows("fast", 12), rows("slow", 26))
_SIGNAL = rows("signal", 9)
_STOCHASTIC = (window(default=14), rows("smooth", 3))
_STOCHASTIC_RSI = (window(2, default=14), rows("span", 14))
_BY_APPEL = "Appel, Technical Analysis (2005); as TA-Lib MACD"
_BY_LANE = "Lane; as TA-Lib STOCH"
_BY_CHANDE = "Chande and Kroll, The New Technical Trader (1994)"
_BY_ELDER = "Elder, Trading for a Living (1993); as TA-Lib ERI"
_BY_BLAU = "Blau, Momentum, Direction, and Divergence (1995); as TA-Lib TSI"
# Over so many rows, bought on the way up from the lower of low and last close.
_BOUGHT = "(close - min2(low, close.shift(1))).sum({0}) / true_range(high, low, close).sum({0})"
_ULTIMATE = " + ".join(f"{weight} * {_BOUGHT.format(n)}" for weight, n in ((4, "fast"), (2, "middle"), (1, "slow")))
_CENTRE = "(high.max(n) + low.min(n)) / 2"
_TYPICAL = "typical_price(high, low, close)"
_MACD, _PPO, _STOCHASTIC_K = "x.macd(fast, slow)", "x.ppo(fast, slow)", "stochastic_k(high, low, close, n, smooth)"

MOVES = (
    _windowed(
        "roc",
        "x over its value n rows ago, less 1, in percent.",
        "100 * x.change(n)",
        number,
        (X,),
        window(default=10),
        source="as TA-Lib ROC",
    ),
    _averaged(
        "macd",
        "Fast less slow exponential average.",
        "x.ema(fast) - x.ema(slow)",
        measured,
        (X,),
        *_SPANS,
        source=_BY_APPEL,
        aliases=("apo",),
    ),
    _averaged(
        "macd_signal",
        "Exponential average of `macd`.",
        f"{_MACD}.ema(signal)",
        measured,
        (X,),
        *_SPANS,
        _SIGNAL,
        source=_BY_APPEL,
    ),
    _averaged(
        "macd_histogram",
        "`macd` less `macd_signal`.",
        f"{_MACD} - {_MACD}.ema(signal)",
        measured,
        (X,),
        *_SPANS,
        _SIGNAL,
        source=_BY_APPEL,
    ),
    _averaged(
        "ppo",
        "Fast over slow exponential average, less 1, in percent.",
        "100 * (x.ema(fast) / x.ema(slow) - 1)",
        number,
        (X,),
        *_SPANS,
        source="as TA-Lib PPO",
    ),
    _averaged("ppo_signal", "Exponential average of `ppo`.", f"{_PPO}.ema(signal)", number, (X,), *_SPANS, _SIGNAL),
    _averaged(
        "ppo_histogram", "`ppo` less `ppo_signal`.", f"{_PPO} - {_PPO}.ema(signal)", number, (X,), *_SPANS, _SIGNAL
    ),
    _averaged(
        "trix",
        "Change of the exponential average taken three times, in percent.",
        "100 * x.ema(n).ema(n).ema(n).change(1)",
        number,
        (X,),
        window(default=15),
        source="Hutson (1983); as TA-Lib TRIX",
    ),
    _averaged(
        "true_strength",
        "Move averaged twice over size of the move averaged twice, -100 to 100.",
        "100 * x.diff(1).ema(slow).ema(fast) / abs(x.diff(1)).ema(slow).ema(fast)",
        number,
        (X,),
        rows("slow", 25),
        rows("fast", 13),
        source=_BY_BLAU,
        aliases=("tsi",),
    ),
    _windowed(
        "dpo",
        "x `back` rows ago less the mean of the last n: what a trend of n rows leaves. It reads no later row.",
        "x.shift(back) - x.mean(n)",
        measured,
        (X,),
        window(default=20),
        rows("back", 11),
        source="Detrended price oscillator; back is n // 2 + 1 by custom, as TA-Lib DPO",
    ),
    _averaged(
        "cmo",
        "Average gain less average loss over their sum, -100 to 100; the averages are Wilder's.",
        "2 * x.rsi(n) - 100",
        number,
        (X,),
        window(2, default=14),
        source=f"{_BY_CHANDE}; as TA-Lib CMO",
    ),
    _windowed(
        "awesome",
        "Mean median price of the last few rows less that of many.",
        "median_price(high, low).mean(fast) - median_price(high, low).mean(slow)",
        like,
        RANGE,
        rows("fast", 5),
        rows("slow", 34),
        source="Williams, Trading Chaos (1995); as TA-Lib AO",
    ),
    _windowed(
        "awesome_acceleration",
        "`awesome` less its mean.",
        "awesome(high, low, fast, slow) - awesome(high, low, fast, slow).mean(signal)",
        like,
        RANGE,
        rows("fast", 5),
        rows("slow", 34),
        rows("signal", 5),
        source="Williams, Trading Chaos (1995); as TA-Lib AC",
    ),
    _windowed(
        "coppock",
        "Linearly weighted mean of two rates of change.",
        "(x.roc(slow) + x.roc(fast)).decay_linear(n)",
        number,
        (X,),
        window(2, default=10),
        rows("fast", 11),
        rows("slow", 14),
        source="Coppock (1962); as TA-Lib COPPOCK",
    ),
    _windowed(
        "forecast_oscillator",
        "x less what the straight line through the n values before foretold, in percent of x.",
        "100 * (x - x.forecast(n).shift(1)) / x",
        number,
        (X,),
        window(2, default=14),
        source=f"{_BY_CHANDE}; as TA-Lib FOSC",
    ),
    _windowed(
        "qstick",
        "Mean of close less open.",
        "(close - open).mean(n)",
        like,
        (OPEN, CLOSE),
        window(default=10),
        source=f"{_BY_CHANDE}; as TA-Lib QSTICK",
    ),
)

PLACES = (
    _windowed(
        "stochastic_fast_k",
        "Where the close lies between the lowest low and the highest high of n rows, 0 to 100.",
        "100 * (close - low.min(n)) / (high.max(n) - low.min(n))",
        relative,
        BAR,
        window(default=14),
        source="Lane; as TA-Lib STOCHF",
    ),
    _windowed(
        "stochastic_k",
        "Mean of `stochastic_fast_k`.",
        "stochastic_fast_k(high, low, close, n).mean(smooth)",
        relative,
        BAR,
        *_STOCHASTIC,
        source=_BY_LANE,
        aliases=("stochastic_fast_d",),
    ),
    _windowed(
        "stochastic_d",
        "Mean of `stochastic_k`.",
        f"{_STOCHASTIC_K}.mean(signal)",
        relative,
        BAR,
        *_STOCHASTIC,
        rows("signal", 3),
        source=_BY_LANE,
    ),
    _averaged(
        "stochastic_rsi",
        "Where `rsi` lies between its smallest and largest of `span` rows, 0 to 100.",
        "100 * (x.rsi(n) - x.rsi(n).min(span)) / (x.rsi(n).max(span) - x.rsi(n).min(span))",
        number,
        (X,),
        *_STOCHASTIC_RSI,
        source=f"{_BY_CHANDE}; as TA-Lib STOCHRSI",
    ),
    _averaged(
        "stochastic_rsi_k",
        "Mean of `stochastic_rsi`.",
        "x.stochastic_rsi(n, span).mean(smooth)",
        number,
        (X,),
        *_STOCHASTIC_RSI,
        rows("smooth", 3),
        source=_BY_CHANDE,
    ),
    _averaged(
        "stochastic_rsi_d",
        "Mean of `stochastic_rsi_k`.",
        "x.stochastic_rsi(n, span).mean(smooth).mean(signal)",
        number,
        (X,),
        *_STOCHASTIC_RSI,
        rows("smooth", 3),
        rows("signal", 3),
        source=_BY_CHANDE,
    ),
    _windowed(
        "cci",
        "Commodity channel index: typical price less its mean, over 0.015 times its mean absolute deviation.",
        f"({_TYPICAL} - {_TYPICAL}.mean(n)) / (0.015 * {_TYPICAL}.mad(n))",
        relative,
        BAR,
        window(2, default=20),
        source="Lambert (1980); as TA-Lib CCI",
    ),
    _averaged(
        "stochastic_momentum",
        "Close less the middle of the highest high and lowest low, over half their distance, each averaged twice, "
        "-100 to 100.",
        f"100 * (close - {_CENTRE}).ema(slow).ema(fast) / ((high.max(n) - low.min(n)).ema(slow).ema(fast) / 2)",
        relative,
        BAR,
        window(default=13),
        rows("fast", 2),
        rows("slow", 25),
        source="Blau, Momentum, Direction, and Divergence (1995); as TA-Lib SMI",
    ),
    _windowed(
        "williams_r",
        "Where the close lies below the highest high of n rows, -100 at the lowest low to 0.",
        "-100 * (high.max(n) - close) / (high.max(n) - low.min(n))",
        relative,
        BAR,
        window(default=14),
        source="Williams; as TA-Lib WILLR",
    ),
    _windowed(
        "ultimate_oscillator",
        "Share of the true range that was bought, over three windows, weighted 4, 2 and 1, in percent.",
        f"100 / 7 * ({_ULTIMATE})",
        relative,
        BAR,
        rows("fast", 7),
        rows("middle", 14),
        rows("slow", 28),
        source="Williams (1985); as TA-Lib ULTOSC",
    ),
    composed(
        Kind.POINTWISE,
        "bop",
        "Balance of power: close less open over high less low.",
        "(close - open) / (high - low)",
        relative,
        (OPEN, HIGH, LOW, CLOSE),
        missing="NaN where an input is NaN or the bar has no range.",
        source="as TA-Lib BOP, which has 0 for a bar without range",
    ),
    _windowed(
        "intraday_momentum",
        "Share of the bodies of n bars that rose, in percent.",
        "100 * max2(close - open, 0).sum(n) / abs(close - open).sum(n)",
        relative,
        (OPEN, CLOSE),
        window(default=14),
        source=f"{_BY_CHANDE}; as TA-Lib IMI",
    ),
    _averaged(
        "bull_power",
        "High less the exponential average of the close.",
        "high - close.ema(n)",
        like,
        (HIGH, CLOSE),
        window(default=13),
        source=_BY_ELDER,
    ),
    _averaged(
        "bear_power",
        "Low less the exponential average of the close.",
        "low - close.ema(n)",
        like,
        (LOW, CLOSE),
        window(default=13),
        source=_BY_ELDER,
    ),
)

ENTRIES = (*MOVES, *PLACES)
