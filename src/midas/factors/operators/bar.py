"""How indicators are declared: the parts of a bar, and their rules for missing values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from midas.factors.operator import LONGEST_WINDOW, Input, Kind, Operator, Parameter
from midas.factors.unit import Unit

OPEN = Input("open", field="open")
HIGH = Input("high", field="high")
LOW = Input("low", field="low")
CLOSE = Input("close", field="close")
VOLUME = Input("volume", field="volume")
X = Input("x", field="close")
RANGE = (HIGH, LOW)
BAR = (HIGH, LOW, CLOSE)
TRADED = (HIGH, LOW, CLOSE, VOLUME)

SKIPS = (
    "NaN on a row without its inputs, which is passed over as if it were not there. "
    "The level depends on the first row of the data, changes of it do not."
)
_MISSING: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.POINTWISE: "NaN where an input is NaN.",
        Kind.WINDOW: "NaN while any value its windows read is NaN, or where it would divide by 0.",
        Kind.RECURSIVE: "NaN on a row where an input, or the row before that it reads, is NaN; "
        "averages go on from where they were.",
    }
)


def rows(name: str, default: int, low: int = 1) -> Parameter:
    """Return the parameter of a number of rows with a name of its own."""
    return Parameter(name, low, LONGEST_WINDOW, default=default)


def times(name: str, default: float) -> Parameter:
    """Return the parameter of how many times something is taken."""
    return Parameter(name, 0.0, 1e6, whole=False, default=default)


def composed(
    kind: Kind,
    name: str,
    summary: str,
    formula: str,
    unit: Callable[[Sequence[Unit]], Unit],
    inputs: tuple[Input, ...],
    *parameters: Parameter,
    source: str = "",
    missing: str = "",
    aliases: tuple[str, ...] = (),
) -> Operator:
    """Return an operator that is a formula over others; its rule for missing values is that of its kind."""
    return Operator(
        name, kind, summary, unit, inputs, parameters,
        formula=formula, missing=missing or _MISSING[kind], source=source, aliases=aliases,
    )  # fmt: skip
