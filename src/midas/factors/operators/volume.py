"""What traded volume says about a price."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import Kind, Operator, Parameter, window
from midas.factors.operators.bar import CLOSE, HIGH, LOW, SKIPS, TRADED, VOLUME, X, composed, rows
from midas.factors.unit import flow, measured, number, priced, traded

_windowed = partial(composed, Kind.WINDOW)
_averaged = partial(composed, Kind.RECURSIVE)
_summed = partial(composed, Kind.RECURSIVE, missing=SKIPS)

_SPANS = (rows("fast", 12), rows("slow", 26))
_CLOSING = (CLOSE, VOLUME)
_BY_ELDER = "Elder, Trading for a Living (1993); as TA-Lib EFI"
_BY_CHAIKIN = "Chaikin; as TA-Lib"
_BY_FOSBACK = "Fosback, Stock Market Logic (1976); as TA-Lib"
# A bar without range says nothing: 0, so that it does not blank a whole window.
_LOCATED = "((close - low) - (high - close)) / (high - low)"
_SIGNED = f"({_LOCATED}).where(high > low, 0) * volume"
_FLOW = "typical_price(high, low, close) * volume"
_WAS = "typical_price(high, low, close).diff(1)"
_LOG_RETURN = "log(close / close.previous())"

SUMS = (
    Operator(
        "previous",
        Kind.RECURSIVE,
        "The last value before this row's: `shift(1)` that passes over rows without a value.",
        measured,
        (X,),
        warmup=lambda _: 1,
        endless=True,
        missing="NaN on a row where x is, and on the first that has a value.",
    ),
    Operator(
        "cumulative",
        Kind.RECURSIVE,
        "Sum of all values since the first row of the data.",
        measured,
        (X,),
        endless=True,
        missing=SKIPS,
    ),
    _summed(
        "obv",
        "On-balance volume: volume summed up, with the sign of the close's move since the last bar.",
        "(sign(close - close.previous()) * volume).cumulative()",
        traded,
        _CLOSING,
        source="Granville (1963); as TA-Lib OBV, which counts the first bar's volume too",
    ),
    _summed(
        "pvt",
        "Price-volume trend: volume times the close's return since the last bar, summed up.",
        "((close / close.previous() - 1) * volume).cumulative()",
        traded,
        _CLOSING,
        source="as TA-Lib PVT",
    ),
    _summed(
        "nvi",
        "Negative volume index: the returns of bars with less volume than the last, compounded from 1000.",
        f"1000 * exp({_LOG_RETURN}.where(volume < volume.previous(), 0).cumulative())",
        flow,
        _CLOSING,
        source=f"{_BY_FOSBACK} NVI",
    ),
    _summed(
        "pvi",
        "Positive volume index: the returns of bars with more volume than the last, compounded from 1000.",
        f"1000 * exp({_LOG_RETURN}.where(volume > volume.previous(), 0).cumulative())",
        flow,
        _CLOSING,
        source=f"{_BY_FOSBACK} PVI",
    ),
    _summed(
        "ad",
        "Accumulation and distribution: volume times where the close lies in its bar (-1 to 1), summed up.",
        f"({_SIGNED}).cumulative()",
        traded,
        TRADED,
        source=f"{_BY_CHAIKIN} AD",
    ),
    _averaged(
        "adosc",
        "Fast less slow exponential average of `ad`.",
        "ad(high, low, close, volume).ema(fast) - ad(high, low, close, volume).ema(slow)",
        traded,
        TRADED,
        rows("fast", 3),
        rows("slow", 10),
        source=f"{_BY_CHAIKIN} ADOSC",
    ),
)

FLOWS = (
    _windowed(
        "mfi",
        "Money flow index: traded value of rising rows over that of rising and falling ones, 0 to 100.",
        f"100 * ({_FLOW}).where({_WAS} > 0, 0).sum(n) / ({_FLOW}).where({_WAS} != 0, 0).sum(n)",
        flow,
        TRADED,
        window(default=14),
        source="Quong and Soudack (1989); as TA-Lib MFI",
    ),
    _windowed(
        "cmf",
        "Chaikin money flow: volume times where the close lies in its bar, over volume, of n rows.",
        f"({_SIGNED}).sum(n) / volume.sum(n)",
        flow,
        TRADED,
        window(default=20),
        source=f"{_BY_CHAIKIN} CMF",
    ),
    _windowed(
        "vwap",
        "Typical price of the last n rows, weighted by volume.",
        f"({_FLOW}).sum(n) / volume.sum(n)",
        priced,
        TRADED,
        window(default=20),
    ),
    _windowed(
        "volume_weighted_mean",
        "Close of the last n rows, weighted by volume.",
        "(close * volume).sum(n) / volume.sum(n)",
        priced,
        _CLOSING,
        window(default=20),
        source="as TA-Lib VWMA",
        aliases=("vwma",),
    ),
    _averaged(
        "force_index",
        "Exponential average of the close's move times volume.",
        "(close.diff(1) * volume).ema(n)",
        flow,
        _CLOSING,
        window(default=13),
        source=_BY_ELDER,
    ),
    _windowed(
        "ease_of_movement",
        "Mean of how far the median price moved, times the bar's range, for `scale` shares.",
        "((high + low).diff(1) / 2 * (high - low) / volume * scale).mean(n)",
        flow,
        (HIGH, LOW, VOLUME),
        window(default=14),
        Parameter("scale", 1.0, 1e15, whole=False, default=1e8),
        missing="NaN while any value its windows read is NaN, or a bar has no volume.",
        source="Arms (1996)",
    ),
    composed(
        Kind.POINTWISE,
        "market_facilitation",
        "High less low per share traded.",
        "(high - low) / volume",
        flow,
        (HIGH, LOW, VOLUME),
        missing="NaN where an input is NaN or there is no volume.",
        source="Williams, Trading Chaos (1995); as TA-Lib MARKETFI",
    ),
)

PACE = (
    _windowed(
        "volume_oscillator",
        "Mean volume of the last few rows over that of many, less 1, in percent.",
        "100 * (volume.mean(fast) / volume.mean(slow) - 1)",
        number,
        (VOLUME,),
        rows("fast", 5),
        rows("slow", 10),
    ),
    _averaged(
        "pvo",
        "Fast over slow exponential average of volume, less 1, in percent.",
        "volume.ppo(fast, slow)",
        number,
        (VOLUME,),
        *_SPANS,
        source="as TA-Lib PVO",
    ),
    _windowed(
        "relative_volume",
        "Volume over its mean of the last n rows, this one included.",
        "volume / volume.mean(n)",
        number,
        (VOLUME,),
        window(default=20),
    ),
)

ENTRIES = (*SUMS, *FLOWS, *PACE)
