"""Shapes of one bar or two, told as flags."""

from __future__ import annotations

from functools import partial

from midas.factors.operator import Kind, Parameter, window
from midas.factors.operators.bar import BAR, CLOSE, OPEN, RANGE, composed
from midas.factors.unit import comparison

_MISSING = "NaN where a price missing on the rows it reads would decide."
_shaped = partial(composed, Kind.WINDOW, missing=_MISSING)
_BODY = (OPEN, CLOSE)
_WAS_OPEN, _WAS_CLOSE = "open.shift(1)", "close.shift(1)"

ENTRIES = (
    _shaped(
        "doji",
        "1 where the body is at most a share of the mean range of the n rows before.",
        "abs(close - open) <= share * (high - low).mean(n).shift(1)",
        comparison,
        (OPEN, *BAR),
        window(default=10),
        Parameter("share", 0.0, 1.0, whole=False, default=0.1),
        source="as TA-Lib CDLDOJI",
    ),
    _shaped(
        "engulfing_up",
        "1 where a rising body covers the falling one of the row before and more.",
        f"(close >= open) & ({_WAS_CLOSE} < {_WAS_OPEN}) & (close >= {_WAS_OPEN}) & (open <= {_WAS_CLOSE}) "
        f"& ((close > {_WAS_OPEN}) | (open < {_WAS_CLOSE}))",
        comparison,
        _BODY,
        source="Nison (1991); as TA-Lib CDLENGULFING above 0",
    ),
    _shaped(
        "engulfing_down",
        "1 where a falling body covers the rising one of the row before and more.",
        f"(close < open) & ({_WAS_CLOSE} >= {_WAS_OPEN}) & (open >= {_WAS_CLOSE}) & (close <= {_WAS_OPEN}) "
        f"& ((open > {_WAS_CLOSE}) | (close < {_WAS_OPEN}))",
        comparison,
        _BODY,
        source="Nison (1991); as TA-Lib CDLENGULFING below 0",
    ),
    _shaped(
        "inside_bar",
        "1 where high and low lie within those of the row before.",
        "(high <= high.shift(1)) & (low >= low.shift(1))",
        comparison,
        RANGE,
    ),
    _shaped(
        "outside_bar",
        "1 where high and low lie beyond those of the row before.",
        "(high > high.shift(1)) & (low < low.shift(1))",
        comparison,
        RANGE,
    ),
)
