"""Backward in time: delays and windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midas.factors.operator import (
    LONGEST_WINDOW,
    Input,
    Kind,
    Operator,
    Parameter,
    delay_rows,
    window,
    window_rows,
)
from midas.factors.unit import Unit, comparison, kept, measured, number

CLOSE = Input("x", field="close")
X = Input("x")
_WINDOW = "NaN while any of the n values is NaN; it recovers when the NaN has left the window."


def _window(
    name: str,
    summary: str,
    unit: Callable[[Sequence[Unit]], Unit],
    low: int = 1,
    source: str = "",
    aliases: tuple[str, ...] = (),
    missing: str = _WINDOW,
    note: str = "",
) -> Operator:
    return Operator(
        name, Kind.WINDOW, summary, unit, (CLOSE,), (window(low, note=note),), window_rows,
        missing=missing, source=source, aliases=aliases,
    )  # fmt: skip


ENTRIES = (
    Operator(
        "shift",
        Kind.DELAY,
        "The value n rows ago; 0 is x itself, and there is no negative n.",
        kept,
        (X,),
        (Parameter("n", 0, LONGEST_WINDOW, default=1, note="A shift never looks ahead."),),
        delay_rows,
        missing="NaN where the value n rows ago is.",
    ),
    Operator(
        "change",
        Kind.WINDOW,
        "x over its value n rows ago, less 1.",
        number,
        (CLOSE,),
        (window(default=1),),
        formula="x / x.shift(n) - 1",
        missing="NaN where either value is NaN or the earlier one is 0.",
    ),
    Operator(
        "diff",
        Kind.WINDOW,
        "x less its value n rows ago.",
        measured,
        (CLOSE,),
        (window(default=1),),
        formula="x - x.shift(n)",
        aliases=("mom",),
        missing="NaN where either value is NaN.",
    ),
    Operator(
        "roc_ratio",
        Kind.WINDOW,
        "x over its value n rows ago.",
        number,
        (CLOSE,),
        (window(default=1),),
        formula="x / x.shift(n)",
        missing="NaN where either value is NaN or the earlier one is 0.",
        source="as TA-Lib ROCR",
    ),
    Operator(
        "log_change",
        Kind.WINDOW,
        "Natural logarithm of x over its value n rows ago.",
        number,
        (CLOSE,),
        (window(default=1),),
        formula="log(x / x.shift(n))",
        missing="NaN where either value is NaN or 0, or their signs differ.",
    ),
    _window("mean", "Average of the last n values.", measured, aliases=("sma",)),
    _window("sum", "Sum of the last n values; of a flag, how often it was 1.", measured),
    _window(
        "std",
        "Standard deviation of the last n values, dividing by n - 1.",
        measured,
        low=2,
        source="Chan, Golub and LeVeque (1979) for merging blocks",
    ),
    _window("var", "Variance of the last n values, dividing by n - 1.", number, low=2),
    _window("min", "Smallest of the last n values.", kept, note="The smaller of two is min2(a, b)."),
    _window("max", "Largest of the last n values.", kept, note="The larger of two is max2(a, b)."),
    _window("last", "Latest value that is not NaN among the last n.", kept, missing="NaN where all n values are NaN."),
    _window("count", "How many of the last n values are not NaN.", number, missing="Never NaN."),
    Operator(
        "zscore",
        Kind.WINDOW,
        "Distance from the mean of the last n values, in standard deviations.",
        number,
        (CLOSE,),
        (window(2),),
        formula="(x - x.mean(n)) / x.std(n)",
        missing="NaN while any of the n values is NaN, or when all are the same.",
    ),
    Operator(
        "cross_above",
        Kind.WINDOW,
        "1 on the row where x comes to lie above other by `compare`, having been at or below it on the row before.",
        comparison,
        (X, Input("other")),
        formula="(compare(x, other) > 0) & (compare(x, other) <= 0).shift(1)",
        missing="NaN where the value missing on this row or the one before would decide.",
    ),
    Operator(
        "cross_below",
        Kind.WINDOW,
        "1 on the row where x comes to lie below other by `compare`, having been at or above it on the row before.",
        comparison,
        (X, Input("other")),
        formula="(compare(x, other) < 0) & (compare(x, other) >= 0).shift(1)",
        missing="NaN where the value missing on this row or the one before would decide.",
    ),
)
