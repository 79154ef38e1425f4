"""What is declared about an operator, once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from numbers import Real
from typing import cast

from midas.core.errors import StrategyInvalid
from midas.factors.symbol import Symbol
from midas.factors.unit import Unit

LONGEST_WINDOW = 5_000
EVERY_ROW = 2**31 - 1
"""A look-back that reaches the first row of any panel."""


class Kind(StrEnum):
    """How an operator reads its inputs; it decides on which rows it must run."""

    FIELD = "field"
    CONSTANT = "constant"
    POINTWISE = "pointwise"
    DELAY = "delay"
    WINDOW = "window"
    RECURSIVE = "recursive"
    CROSS_SECTION = "cross_section"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Input:
    """A node an operator reads.

    `field` names the market field used when it is left out; one that `varies`, like one with a field, is no plain
    number; of one that is the `latest` only this row's value is read, whatever the operator remembers.
    """

    name: str
    flag: bool = False
    field: str = ""
    optional: bool = False
    varies: bool = False
    latest: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number an operator takes, both bounds inclusive; None is required."""

    name: str
    low: float
    high: float
    whole: bool = True
    default: float | None = None
    note: str = ""

    def read(self, value: object, operator: str) -> float | int:
        """Return the number, an int where it must be whole.

        Raises
        ------
        StrategyInvalid: not a number, not finite, not whole, or out of range.
        """
        if isinstance(value, Symbol):
            self.read(value.plain, operator)
            return cast("int", value)  # in its place; only `backtest.spread` makes graphs of symbols
        if isinstance(value, bool) or not isinstance(value, Real):
            shown = type(value).__name__ if not isinstance(value, str | bool | type(None)) else repr(value)
            raise StrategyInvalid(
                f"{operator}: {self.name} must be a number, not {shown}.", hint=self.hint, code="bad_argument"
            )
        found = as_float(value)
        if not (math.isfinite(found) and self.low <= found <= self.high) or (self.whole and not found.is_integer()):
            raise StrategyInvalid(f"{operator}: {self.name} is {value!s}.", hint=self.hint, code="bad_argument")
        return int(found) if self.whole else found

    @property
    def hint(self) -> str:
        kind = "whole number" if self.whole else "number"
        return f"It must be a {kind} from {self.low:g} to {self.high:g}. {self.note}".rstrip()


def as_float(value: Real) -> float:
    """Return the number as float64, infinite when it is too large for one."""
    try:
        return float(value) + 0.0  # no negative zero: it would be another graph
    except OverflowError:
        return math.inf


def window(low: int = 1, default: int | None = None, note: str = "") -> Parameter:
    """Return the parameter of a number of rows."""
    return Parameter("n", low, LONGEST_WINDOW, default=default, note=note)


def no_rows(_: Sequence[float]) -> int:
    """Return the warm-up of an operator without memory."""
    return 0


def delay_rows(arguments: Sequence[float]) -> int:
    """Return the warm-up of a delay: n rows."""
    return int(arguments[0])


def window_rows(arguments: Sequence[float]) -> int:
    """Return the warm-up of a window: n - 1 rows."""
    return int(arguments[0]) - 1


def decay_rows(alpha: Callable[[float], float]) -> Callable[[Sequence[float]], int]:
    """Return the rule for infinite memory: rows until the start weighs less than 1e-10."""

    def rows(arguments: Sequence[float]) -> int:
        rest = 1.0 - alpha(arguments[0])
        return math.ceil(math.log(1e-10) / math.log(rest)) if rest > 0 else 0

    return rows


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its face, its unit, its memory and its rule for missing values.

    `formula` composes an operator from others, in the text language; the rest have a loop of their own in
    `midas.kernels`. `warmup` counts the rows before the first full value; `endless` marks a memory that never quite
    ends. `only_with_bar` hides names without a bar on the row from a cross-section. `weighs` marks one that gives 0 to
    names without a value. `begins` marks a state that begins flat on a row that is given, whatever was before; its loop
    reads that row as its last number.
    """

    name: str
    kind: Kind
    summary: str
    unit: Callable[[Sequence[Unit]], Unit]
    inputs: tuple[Input, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    warmup: Callable[[Sequence[float]], int] = no_rows
    endless: bool = False
    missing: str = "NaN where an input is NaN."
    source: str = ""
    symbol: str = ""
    aliases: tuple[str, ...] = ()
    formula: str = ""
    fixed: Unit | None = None
    only_with_bar: bool = False
    weighs: bool = False
    begins: bool = False

    @property
    def signature(self) -> str:
        """The operator as it is called; what stands in brackets may be left out."""
        if not self.inputs:
            return self.name
        parts = [f"[{i.name}={i.field}]" if i.field else f"[{i.name}]" if i.optional else i.name for i in self.inputs]
        parts += [p.name if p.default is None else f"[{p.name}={p.default:g}]" for p in self.parameters]
        return f"{self.name}({', '.join(parts)})"
