"""The highest and the lowest of the last n values: when they were, and how far x has come from them."""

from __future__ import annotations

from midas.factors.operators.rolling import LEAVES, rolling
from midas.factors.unit import measured, number

_ABOVE_0 = f"NaN while any of the n values is NaN or not above 0; {LEAVES}"

ENTRIES = (
    rolling(
        "argmax",
        "Rows since the largest of the last n values: 0 when it is this row's; of equals the latest counts.",
        number,
        aliases=("rows_since_max",),
    ),
    rolling(
        "argmin",
        "Rows since the smallest of the last n values: 0 when it is this row's; of equals the latest counts.",
        number,
        "argmax(-x, n)",
        aliases=("rows_since_min",),
    ),
    rolling("range", "Largest less smallest of the last n values.", measured, "x.max(n) - x.min(n)"),
    rolling(
        "range_position",
        "Where x lies between the smallest (0) and the largest (1) of its last n values.",
        number,
        "(x - x.min(n)) / (x.max(n) - x.min(n))",
        missing=f"NaN while any of the n values is NaN, or when all are the same; {LEAVES}",
        source="the form of Lane's stochastic, on one series",
    ),
    rolling("drawdown", "x over the largest of its last n values, less 1: 0 at the top, below 0 under it.", number,
            "x / x.max(n) - 1"),
    rolling("rebound", "x over the smallest of its last n values, less 1: 0 at the bottom, above 0 over it.", number,
            "x / x.min(n) - 1"),
    rolling(
        "max_drawdown",
        "Deepest fall within the last n values: the lowest over the highest before it, less 1; 0 when it never fell.",
        number,
        missing=_ABOVE_0,
    ),
    rolling(
        "ulcer",
        "Ulcer index: root of the mean square, over n rows, of the drawdown from the largest of n values.",
        number,
        "sqrt((x.drawdown(n) ** 2).mean(n))",
        missing=f"NaN while any of the 2 n - 1 values is NaN; {LEAVES}",
        source="Martin (1987), as a fraction instead of percent",
    ),
)  # fmt: skip
