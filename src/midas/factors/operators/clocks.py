"""Expressions over the bars of a longer timeframe."""

from __future__ import annotations

from midas.factors.operator import Input, Kind, Operator
from midas.factors.unit import kept

_MISSING = (
    "NaN until a first bar is complete, and where x is NaN on the last complete one: a name without a bar for the "
    "whole {0} has none."
)


def _clock(name: str, period: str, complete: str) -> Operator:
    return Operator(
        name,
        Kind.CLOCK,
        f"x on bars of a {period}, as it was on the last complete one; a {period} is complete at {complete} by the "
        "venue's calendar. An operator over such values alone counts bars of its kind too.",
        kept,
        (Input("x"),),
        missing=_MISSING.format(period),
    )


_LAST = "the close of its last session"

ENTRIES = (
    _clock("daily", "day", "the close of its session"), _clock("weekly", "week", _LAST),
    _clock("monthly", "month", _LAST),
)  # fmt: skip
