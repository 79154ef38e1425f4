"""What operators over the last n values have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midas.factors.operator import Input, Kind, Operator, Parameter, window, window_rows
from midas.factors.unit import Unit

CLOSE = Input("x", field="close")
RETURNS = Input("x", field="returns")
OTHER = Input("other", varies=True)

LEAVES = "it recovers when the NaN has left the window."
FULL = f"NaN while any of the n values is NaN; {LEAVES}"
PAIRS = f"NaN while any of the n values of x or other is NaN; {LEAVES}"


def rolling(
    name: str,
    summary: str,
    unit: Callable[[Sequence[Unit]], Unit],
    formula: str = "",
    *,
    low: int = 1,
    inputs: tuple[Input, ...] = (CLOSE,),
    more: tuple[Parameter, ...] = (),
    missing: str = FULL,
    source: str = "",
    aliases: tuple[str, ...] = (),
) -> Operator:
    """Return an operator over the last n values, n from `low` up and followed by `more` parameters."""
    return Operator(
        name, Kind.WINDOW, summary, unit, inputs, (window(low), *more), window_rows,
        missing=missing, source=source, aliases=aliases, formula=formula,
    )  # fmt: skip
