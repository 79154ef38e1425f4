"""Across one row, group by group or against another number: what is left when a group or a factor is taken out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midas.factors.operator import Input, Kind, Operator
from midas.factors.unit import Unit, explained, measured, number

X = Input("x")
_SEEN = "Sees only names with a bar on the row and a group; NaN for the others and where x is NaN."


def _grouped(
    name: str, summary: str, unit: Callable[[Sequence[Unit]], Unit], missing: str = _SEEN, aliases: tuple[str, ...] = ()
) -> Operator:
    inputs = (X, Input("group", varies=True))
    return Operator(
        name, Kind.CROSS_SECTION, summary, unit, inputs, missing=missing, aliases=aliases, only_with_bar=True
    )  # fmt: skip


ENTRIES = (
    _grouped(
        "group_demean",
        "x less the mean of its group on the row; names whose `group` is the same number are one.",
        measured,
        aliases=("neutralise",),
    ),
    _grouped(
        "group_standardise",
        "x less the mean of its group on the row, in standard deviations of the group (dividing by count - 1).",
        number,
        _SEEN + " NaN when fewer than two values of the group differ.",
    ),
    _grouped("group_rank", "Place of x in its group on the row, as `rank`.", number),
    Operator(
        "regress_out",
        Kind.CROSS_SECTION,
        "What is left of x when a straight line through the row's points (other, x) is taken away: x neutral to other.",
        explained,
        (X, Input("other", varies=True)),
        missing="Sees only names with a bar on the row and both values; NaN for the others, or when all others are the"
        " same.",
        source="least squares with intercept",
        only_with_bar=True,
    ),
)
