"""How candle patterns are declared."""

from __future__ import annotations

from collections.abc import Callable

from midas.factors.operator import Kind, Operator, Parameter
from midas.factors.operators.bar import BAR, OPEN, composed
from midas.factors.operators.candle_parts import up_or_down
from midas.factors.unit import relative

_MISSING = "NaN where a price missing on the rows it reads would decide."

Declared = Callable[..., Operator]


def penetration(default: float) -> Parameter:
    """Return the parameter of how far a close reaches into an earlier body, as a share of it."""
    return Parameter("penetration", 0.0, 100.0, whole=False, default=default)


def two_sided(name: str, shape: str, formula: str, source: str, *parameters: Parameter) -> Operator:
    """Return a pattern that is a sign up or down by what it looks like."""
    return _pattern(name, f"1 for {shape} that is a sign up, -1 for one that is a sign down, else 0.", formula, source,
                    parameters)  # fmt: skip


def bullish(name: str, shape: str, condition: str, source: str, *parameters: Parameter) -> Operator:
    """Return a pattern that is a sign up."""
    return _pattern(name, f"1 for {shape}, else 0.", f"1 * {condition}", source, parameters)


def bearish(name: str, shape: str, condition: str, source: str, *parameters: Parameter) -> Operator:
    """Return a pattern that is a sign down."""
    return _pattern(name, f"-1 for {shape}, else 0.", f"-1 * {condition}", source, parameters)


def mirrored(name: str, shape: str, up: str, down: str, source: str, *parameters: Parameter) -> Operator:
    """Return a pattern with two forms, one the other upside down."""
    return two_sided(name, shape, up_or_down(up, down), source, *parameters)


def _pattern(name: str, summary: str, formula: str, source: str, parameters: tuple[Parameter, ...]) -> Operator:
    return composed(
        Kind.WINDOW,
        name,
        summary,
        formula,
        relative,
        (OPEN, *BAR),
        *parameters,
        missing=_MISSING,
        source=f"as TA-Lib {source}, by 1 where it says 100",
    )
