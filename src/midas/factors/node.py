"""A node of the strategy graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from numbers import Real
from typing import NoReturn, cast

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.factors.catalogue import FIELDS, OPERATORS, find
from midas.factors.operator import Input, Kind, Operator, as_float
from midas.factors.shown import shown
from midas.factors.symbol import Symbol
from midas.factors.unit import Unit

_SET = ("op", "inputs", "arguments", "unit", "digest", "_hash", "compiled")


class Node:
    """One value per instrument and row: a market field, a number, or an operator over other nodes.

    Nodes never change. Two nodes are equal when they say the same, so a sub-expression written twice is computed once.
    Besides + - * / ** < <= > >= & | ~ every operator of the catalogue is a method: `close.shift(5).mean(20)`.
    Compare for equality with `.equal()`; `==` asks whether two nodes are the same expression.
    """

    __slots__ = ("_hash", "arguments", "compiled", "digest", "inputs", "op", "unit")
    __array_ufunc__ = None

    op: str
    inputs: tuple[Node, ...]
    arguments: tuple[float | int, ...]
    unit: Unit
    digest: bytes
    compiled: object
    """What compiling the graph below came to, kept for as long as the node is; see `plan.compile_plan`."""
    _hash: int

    def __init__(self, op: str, inputs: tuple[Node, ...], arguments: tuple[float | int, ...], unit: Unit) -> None:
        digest = blake2b(f"{op}{arguments!r}{len(inputs)}".encode(), digest_size=16)
        for node in inputs:
            digest.update(node.digest)
        values = (op, inputs, arguments, unit, digest.digest(), hash(digest.digest()), None)
        for name, value in zip(_SET, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def operator(self) -> Operator:
        return OPERATORS[self.op]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A node never changes: {name!r} cannot be set.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"A node never changes: {name!r} cannot be taken away.")

    def __getattr__(self, name: str) -> Callable[..., Node]:
        operator = None if name.startswith("_") else find(name)
        if operator is None or not operator.inputs:
            raise AttributeError(f"A node has no {name!r}. {did_you_mean(name, sorted(OPERATORS))}")
        return bound(operator, self)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *(name for name, operator in OPERATORS.items() if operator.inputs)]

    def __reduce__(self) -> tuple[type[Node], tuple[str, tuple[Node, ...], tuple[float | int, ...], Unit]]:
        return Node, (self.op, self.inputs, self.arguments, self.unit)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Node):
            return self.digest == other.digest
        if isinstance(other, Real):
            raise StrategyInvalid(
                "== asks whether two nodes are the same expression.", hint="Compare values with .equal().", code="bool"
            )
        return NotImplemented

    def __bool__(self) -> NoReturn:
        raise StrategyInvalid(
            "A node has no truth value: it stands for one value per instrument and row.",
            hint="Use & | ~ for and, or, not, and .where() for if.",
            code="bool",
        )

    def __add__(self, other: Operand) -> Node:
        return apply(OPERATORS["add"], self, other)

    def __radd__(self, other: Operand) -> Node:
        return apply(OPERATORS["add"], other, self)

    def __sub__(self, other: Operand) -> Node:
        return apply(OPERATORS["subtract"], self, other)

    def __rsub__(self, other: Operand) -> Node:
        return apply(OPERATORS["subtract"], other, self)

    def __mul__(self, other: Operand) -> Node:
        return apply(OPERATORS["multiply"], self, other)

    def __rmul__(self, other: Operand) -> Node:
        return apply(OPERATORS["multiply"], other, self)

    def __truediv__(self, other: Operand) -> Node:
        return apply(OPERATORS["divide"], self, other)

    def __rtruediv__(self, other: Operand) -> Node:
        return apply(OPERATORS["divide"], other, self)

    def __pow__(self, other: Operand) -> Node:
        return apply(OPERATORS["power"], self, other)

    def __rpow__(self, other: Operand) -> Node:
        return apply(OPERATORS["power"], other, self)

    def __neg__(self) -> Node:
        return apply(OPERATORS["negate"], self)

    def __pos__(self) -> Node:
        return self

    def __abs__(self) -> Node:
        return apply(OPERATORS["abs"], self)

    def __lt__(self, other: Operand) -> Node:
        return apply(OPERATORS["less"], self, other)

    def __le__(self, other: Operand) -> Node:
        return apply(OPERATORS["less_equal"], self, other)

    def __gt__(self, other: Operand) -> Node:
        return apply(OPERATORS["greater"], self, other)

    def __ge__(self, other: Operand) -> Node:
        return apply(OPERATORS["greater_equal"], self, other)

    def __and__(self, other: Operand) -> Node:
        return apply(OPERATORS["both"], self, other)

    def __rand__(self, other: Operand) -> Node:
        return apply(OPERATORS["both"], other, self)

    def __or__(self, other: Operand) -> Node:
        return apply(OPERATORS["either"], self, other)

    def __ror__(self, other: Operand) -> Node:
        return apply(OPERATORS["either"], other, self)

    def __invert__(self) -> Node:
        return apply(OPERATORS["negation"], self)

    def __repr__(self) -> str:
        return shown(self)


def bound(operator: Operator, *given: Node) -> Callable[..., Node]:
    """Return the operator as a function of the rest of its arguments, with its documentation."""
    function = partial(apply, operator, *given)
    function.__doc__ = f"{operator.signature}\n\n{operator.summary}\n\n{operator.missing}"
    return function


Operand = Node | float | int


def field(name: str) -> Node:
    """Return the node of a market field.

    Raises
    ------
    StrategyInvalid: there is no such field.
    """
    operator = FIELDS.get(name)
    if operator is None:
        raise StrategyInvalid(
            f"There is no market field {name!r}.", hint=did_you_mean(name, sorted(FIELDS)), code="unknown_field"
        )
    return apply(operator)


def constant(value: object) -> Node:
    """Return a number as a node.

    Raises
    ------
    StrategyInvalid: a truth value, not a number, NaN or infinite.
    """
    if isinstance(value, Symbol):
        constant(value.plain)
        return Node("constant", (), (cast("float", value),), Unit.NUMBER)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise StrategyInvalid(
            f"An operator reads nodes and numbers, not {type(value).__name__} ({value!r}).",
            hint="Compare for equality with .equal(), not ==." if isinstance(value, bool) else "",
            code="bad_argument",
        )
    number = as_float(value)
    if not math.isfinite(number):
        raise StrategyInvalid(
            f"{number} is not a number a strategy may use.", hint="Use a finite one.", code="bad_argument"
        )
    return Node("constant", (), (number,), Unit.NUMBER)


def apply(operator: Operator, /, *given: object, **named: object) -> Node:
    """Return the node of an operator over what it is given, inputs first, then numbers.

    Raises
    ------
    StrategyInvalid: too many or too few arguments, an unknown name, a wrong type, unit or range.
    """
    values = _bound(operator, given, named)
    inputs = tuple(
        node
        for place, value in zip(operator.inputs, values, strict=False)
        if (node := _input(operator, place, value)) is not None
    )
    if inputs and all(node.op == "constant" for node in inputs):
        raise StrategyInvalid(
            f"{operator.name} is given only numbers.", hint="It needs a market field.", code="bad_argument"
        )
    arguments = tuple(
        parameter.read(value, operator.name)
        for parameter, value in zip(operator.parameters, values[len(operator.inputs) :], strict=True)
    )
    if (operator.name == "shift" and arguments == (0,)) or (
        operator.kind is Kind.CLOCK and inputs[0].op == operator.name
    ):
        return inputs[0]
    if (clock := _clock(operator, inputs)) is not None:
        # What reads only weekly bars counts weeks.
        inner = [node.inputs[0] if node.op == clock else node for node in inputs]
        return apply(OPERATORS[clock], Node(operator.name, tuple(inner), arguments, _unit(operator, inner)))
    return Node(operator.name, inputs, arguments, _unit(operator, inputs))


_KEEP_TIME = (Kind.POINTWISE, Kind.DELAY, Kind.WINDOW, Kind.RECURSIVE)


def _clock(operator: Operator, inputs: Sequence[Node]) -> str | None:
    if operator.kind not in _KEEP_TIME or operator.begins:
        return None
    clocks = {
        node.op if node.inputs and node.operator.kind is Kind.CLOCK else "" for node in inputs if node.op != "constant"
    }
    return clocks.pop() or None if len(clocks) == 1 else None


def _unit(operator: Operator, inputs: Sequence[Node]) -> Unit:
    return operator.fixed or operator.unit([node.unit for node in inputs])


_MISSING = object()


def _bound(operator: Operator, given: Sequence[object], named: Mapping[str, object]) -> list[object]:
    names = [place.name for place in operator.inputs] + [parameter.name for parameter in operator.parameters]
    implied = operator.inputs and operator.inputs[0].field and not (given and isinstance(given[0], Node))
    start = len(operator.inputs) if implied else 0
    if start + len(given) > len(names):
        raise StrategyInvalid(
            f"{operator.name} takes no {len(given)} arguments.", hint=f"Use {operator.signature}.", code="bad_argument"
        )
    values: list[object] = [_MISSING] * len(names)
    values[start : start + len(given)] = given
    for name, value in named.items():
        if name not in names:
            raise StrategyInvalid(
                f"{operator.name} has no argument {name!r}.", hint=did_you_mean(name, names), code="bad_argument"
            )
        if values[names.index(name)] is not _MISSING:
            raise StrategyInvalid(f"{operator.name}: {name} is given twice.", code="bad_argument")
        values[names.index(name)] = value
    return [_defaulted(operator, place, value) for place, value in enumerate(values)]


def _defaulted(operator: Operator, place: int, value: object) -> object:
    if value is not _MISSING:
        return value
    if place < len(operator.inputs):
        declared = operator.inputs[place]
        if declared.field:
            return field(declared.field)
        if declared.optional:
            return None
        name = declared.name
    else:
        parameter = operator.parameters[place - len(operator.inputs)]
        if parameter.default is not None:
            return parameter.default
        name = parameter.name
    raise StrategyInvalid(f"{operator.name} needs {name}.", hint=f"Use {operator.signature}.", code="bad_argument")


def _input(operator: Operator, place: Input, value: object) -> Node | None:
    if value is None and place.optional:
        return None
    node = value if isinstance(value, Node) else constant(value)
    if (place.field or place.varies) and node.op == "constant":
        raise StrategyInvalid(
            f"{operator.name}: {place.name} must be a field or an operator, not a number.",
            hint=f"Use {operator.signature}.",
            code="bad_argument",
        )
    if place.flag and node.unit is not Unit.FLAG:
        raise StrategyInvalid(
            f"{operator.name}: {place.name} must be a flag (a comparison or the like), not a {node.unit}.",
            hint="Compare it with something first, e.g. x > 0.",
            code="unit_mismatch",
        )
    return node
