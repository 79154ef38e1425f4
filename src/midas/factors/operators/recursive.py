"""State carried from row to row."""

from __future__ import annotations

from midas.factors.operator import Input, Kind, Operator, decay_rows, window
from midas.factors.unit import flag, like, measured, number

CLOSE = Input("x", field="close")
_SKIPS = "NaN on a row where an input is NaN; the state is kept and goes on from there."
_WILDER = "Wilder, New Concepts in Technical Trading Systems (1978)"
_of_span = decay_rows(lambda n: 2.0 / (n + 1.0))
_of_wilder = decay_rows(lambda n: 1.0 / n)

ENTRIES = (
    Operator(
        "ema",
        Kind.RECURSIVE,
        "Exponential average with weight 2 / (n + 1), started from the mean of the first n values.",
        measured,
        (CLOSE,),
        (window(),),
        _of_span,
        endless=True,
        missing=_SKIPS,
        source="as TA-Lib EMA",
    ),
    Operator(
        "wilder",
        Kind.RECURSIVE,
        "Exponential average with weight 1 / n, started from the mean of the first n values.",
        measured,
        (CLOSE,),
        (window(),),
        _of_wilder,
        endless=True,
        missing=_SKIPS,
        source=_WILDER,
        aliases=("rma",),
    ),
    Operator(
        "rsi",
        Kind.RECURSIVE,
        "Relative strength index: Wilder's average gain over average gain and loss, 0 to 100; 50 when nothing moved.",
        number,
        (CLOSE,),
        (window(2, default=14),),
        lambda arguments: 1 + _of_wilder(arguments),
        endless=True,
        missing=_SKIPS + " A gain is measured from the last value that was not NaN.",
        source=_WILDER,
    ),
    Operator(
        "atr",
        Kind.RECURSIVE,
        "Average true range: Wilder's average of `true_range`.",
        like,
        (Input("high", field="high"), Input("low", field="low"), Input("close", field="close")),
        (window(default=14),),
        formula="true_range(high, low, close).wilder(n)",
        missing=_SKIPS,
        source=_WILDER,
    ),
    Operator(
        "hold",
        Kind.RECURSIVE,
        "1 from the row where entry is 1 until the row where exit is 1, else 0; where both are 1 it is 0.",
        flag,
        (Input("entry", flag=True), Input("exit", flag=True)),
        begins=True,
        missing="Where an input is NaN the state stays as it was, NaN before the first row on which both were known.",
    ),
    Operator(
        "since",
        Kind.RECURSIVE,
        "Rows since the flag was last 1: 0 on that row.",
        number,
        (Input("x", flag=True),),
        endless=True,
        missing="NaN until the flag was 1 once; a NaN counts as a row on which it was not.",
    ),
)
