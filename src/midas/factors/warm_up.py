"""How many rows an operator needs before its first full value, told by an example."""

from __future__ import annotations

from midas.factors.catalogue import OPERATORS
from midas.factors.node import Node, apply, field
from midas.factors.operator import Input, Kind, Operator, Parameter
from midas.factors.plan import compile_plan

EXAMPLE_ROWS = 20


def warm_up(name: str) -> str:
    """Return the warm-up of an operator over plain fields, e.g. "19 rows at n = 20"; "none" when it has no memory.

    A number that need not be given is at its default.
    """
    operator = OPERATORS[name]
    if operator.kind is Kind.FIELD:
        node = field(name)
    else:
        inputs = [_example(place) for place in operator.inputs]
        node = apply(operator, *inputs, *(_number(parameter) for parameter in operator.parameters))
    rows = compile_plan(node).warmup
    if not rows:
        return "none"
    return f"{rows:,} {'row' if rows == 1 else 'rows'}" + _at(operator)


def _example(place: Input) -> Node:
    close = field("close")
    return apply(OPERATORS["greater"], close, field("open")) if place.flag else field(place.field or "close")


def _number(parameter: Parameter) -> float:
    if parameter.default is not None:
        return parameter.default
    return EXAMPLE_ROWS if parameter.name == "n" else parameter.low


def _at(operator: Operator) -> str:
    told = [f"{p.name} = {_number(p):g}" for p in operator.parameters if p.name == "n"]
    return f" at {told[0]}" if told else ""
