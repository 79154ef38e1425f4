"""Which values each parameter takes in a search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from midas.core.errors import InvalidInput
from midas.strategies.param import ParamSpec, ParamValue, read_values, shortest

MOST_AXES = 16
MOST_POINTS = 1_000_000
"""A grid of more combinations is refused: nobody could believe its best."""

_EXAMPLE = "Write e.g. fast=5:60:1 (from:to:step, both ends included) or fast=5,10,20."
_UNASKED_POINTS = 1_000
_FINE = 1_000

Given = str | Sequence[object] | range
"""The values of one parameter, as text (`5:60:1`, `5,10,20`) or one by one."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter and the values it takes, each once, in the order given."""

    name: str
    values: tuple[ParamValue, ...]

    @property
    def is_numeric(self) -> bool:
        return not any(isinstance(value, bool | str) for value in self.values)


def read_axes(grid: Mapping[str, Given], specs: Mapping[str, ParamSpec], owner: str) -> tuple[Axis, ...]:
    """Return the axes of a grid, in its order.

    Raises
    ------
    InvalidInput: an unknown parameter, a value it cannot have, a range without end or step.
    """
    if "score" in grid:
        raise _bad("score", grid["score"], "that word is taken by the score")
    read_values(specs, {name: specs[name].default if name in specs else None for name in grid}, owner)
    return tuple(_axis(specs[name], given, owner) for name, given in grid.items())


def declared_axes(
    specs: Mapping[str, ParamSpec], fixed: Mapping[str, object], owner: str, *, fine: bool
) -> tuple[Axis, ...]:
    """Return the declared ranges of the parameters that are not `fixed`: whole where `fine`, else 1,000 points in all.

    Raises
    ------
    InvalidInput: none has a range.
    """
    open_ = [
        spec for spec in specs.values() if spec.name not in fixed and spec.low is not None and spec.high is not None
    ]
    if not open_:
        raise InvalidInput(
            f"{owner} has no parameter with a range, so there is nothing to vary.",
            hint=_EXAMPLE,
            code="nothing_to_vary",
        )
    most = _FINE if fine else max(2, math.floor(_UNASKED_POINTS ** (1 / len(open_)) + 1e-9))
    return tuple(Axis(spec.name, _spread(spec, most, owner)) for spec in open_)


def points(axes: Sequence[Axis]) -> int:
    """Return how many combinations there are."""
    return math.prod(len(axis.values) for axis in axes)


def require_bearable(axes: Sequence[Axis]) -> None:
    """Refuse a grid nobody can go through.

    Raises
    ------
    InvalidInput: more than a million combinations, or more parameters than anyone can tell apart.
    """
    if len(axes) > MOST_AXES:
        raise InvalidInput(
            f"{len(axes)} parameters vary; {MOST_AXES} may.", hint="Fix some of them.", code="grid_too_large"
        )
    count = points(axes)
    if count > MOST_POINTS:
        raise InvalidInput(
            f"The grid has {count:,} points; {MOST_POINTS:,} are allowed.",
            hint="Take larger steps, vary fewer parameters, or use --sampler sobol --trials 1000.",
            code="grid_too_large",
        )


def _axis(spec: ParamSpec, given: Given, owner: str) -> Axis:
    raw = _split(spec, given) if isinstance(given, str) else list(given)
    if not raw:
        raise _bad(spec.name, given, "it names no value")
    if len(raw) > MOST_POINTS:
        raise _bad(spec.name, given, f"it has {len(raw):,} values and {MOST_POINTS:,} are allowed")
    return Axis(
        spec.name, tuple(dict.fromkeys(spec.read(getattr(one, "item", lambda one=one: one)(), owner) for one in raw))
    )


def _split(spec: ParamSpec, text: str) -> list[object]:
    if ":" not in text:
        return [part.strip() for part in text.split(",") if part.strip()]
    parts = text.split(":")
    if len(parts) not in (2, 3) or spec.type not in ("int", "float"):
        raise _bad(spec.name, text, "only numbers have ranges, of two or three parts")
    low, high, step = (*(_number(spec, text, part) for part in parts), Decimal(1))[:3]
    if step <= 0:
        raise _bad(spec.name, text, f"its step is {step}")
    if high < low:
        raise _bad(spec.name, text, "it ends before it begins")
    count = int((high - low) / step) + 1
    if count > MOST_POINTS:
        raise _bad(spec.name, text, f"it has {count:,} values and {MOST_POINTS:,} are allowed")
    return [shortest(float(low + step * place)) for place in range(count)]


def _number(spec: ParamSpec, text: str, part: str) -> Decimal:
    try:
        number = Decimal(part.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > Decimal(10) ** 15:
        raise _bad(spec.name, text, f"{part.strip()[:32]!r} is not a number that can be used")
    return number


def _spread(spec: ParamSpec, most: int, owner: str) -> tuple[ParamValue, ...]:
    low, high = float(spec.low or 0), float(spec.high or 0)
    if spec.type == "int":
        count = min(most, int(high - low) + 1)
        found: list[float] = [round(low + (high - low) * place / max(1, count - 1)) for place in range(count)]
    else:
        found = [low + (high - low) * place / max(1, most - 1) for place in range(most)]
    return tuple(dict.fromkeys(spec.read(value, owner) for value in found))


def _bad(name: str, given: object, why: str) -> InvalidInput:
    return InvalidInput(f"The grid {name}={str(given)[:64]} cannot be used: {why}.", hint=_EXAMPLE, code="bad_grid")
