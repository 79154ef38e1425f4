"""Across one row: ranks, choices, weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midas.factors.operator import Input, Kind, Operator, Parameter
from midas.factors.unit import Unit, flag, measured, number

X = Input("x")
_SEEN = "Sees only names with a bar on the row; NaN for the others and where x is NaN."
_WEIGHTS = "0 for a name without a value when any name has one; a row with no value at all stays NaN."
_COUNT = Parameter("n", 1, 100_000)
_GROSS = Parameter("gross", 0.0, 10.0, whole=False, default=1.0)


def _across(
    name: str,
    summary: str,
    unit: Callable[[Sequence[Unit]], Unit],
    parameters: tuple[Parameter, ...] = (),
    missing: str = _SEEN,
    source: str = "",
) -> Operator:
    return Operator(
        name, Kind.CROSS_SECTION, summary, unit, (X,), parameters, missing=missing, source=source, only_with_bar=True
    )


def _weights(name: str, summary: str, parameter: Parameter) -> Operator:
    missing = "Sees only names with a bar on the row. " + _WEIGHTS
    return Operator(
        name, Kind.CROSS_SECTION, summary, number, (X,), (parameter,), missing=missing, only_with_bar=True, weighs=True
    )  # fmt: skip


ENTRIES = (
    _across(
        "rank",
        "Place among the row's names from the smallest up, divided by their number: above 0, 1 for the largest. Of"
        " equals the name that comes first in order of id ranks higher.",
        number,
    ),
    _across("top", "1 for the n largest values of the row; of equals the first in order of id.", flag, (_COUNT,)),
    _across("bottom", "1 for the n smallest values of the row; of equals the first in order of id.", flag, (_COUNT,)),
    _across("demean", "x less the row's mean.", measured),
    _across(
        "standardise",
        "x less the row's mean, in standard deviations of the row (dividing by count - 1).",
        number,
        missing=_SEEN + " NaN when fewer than two values differ.",
    ),
    _across(
        "winsorise",
        "x, moved to the row's quantile `tail` or 1 - `tail` where it lies outside them.",
        measured,
        (Parameter("tail", 0.0, 0.5, whole=False, default=0.01),),
        source="quantiles by linear interpolation (Hyndman and Fan type 7)",
    ),
    _across(
        "bucket",
        "Number of the quantile x lies in among the row's names, from 1 for the smallest to n for the largest: 1 plus"
        " the whole part of n times the share of names below. Equals are ordered as in `rank`.",
        number,
        (Parameter("n", 2, 1_000),),
    ),
    _weights(
        "normalise", "Weights: x scaled so that sizes add up to `gross` over the row; a flag counts as 1.", _GROSS
    ),
    _weights(
        "long_short",
        "Weights: what is above 0 scaled to add up to half of `gross`, what is below 0 to minus half of it.",
        _GROSS,
    ),
    _weights(
        "cap",
        "Weights: x with no size above `limit`; what is cut off goes to the other names in proportion to their sizes,"
        " so that the sum of sizes stays what it was as long as there is room for it.",
        Parameter("limit", 0.0, 10.0, whole=False),
    ),
    Operator(
        "slot",
        Kind.CROSS_SECTION,
        "Weights: `gross` / N where the flag is 1, else 0, N being the number of instruments selected.",
        number,
        (Input("x", flag=True),),
        (_GROSS,),
        missing=_WEIGHTS,
    ),
)
