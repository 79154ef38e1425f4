"""Random graphs made from the catalogue, whatever is in it."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.factors.catalogue import FIELDS, OPERATORS
from midas.factors.lowering import walk
from midas.factors.node import Node, apply, constant, field
from midas.factors.operator import Kind, Operator, Parameter
from midas.factors.unit import Unit

CALLED = [operator for operator in OPERATORS.values() if operator.inputs and operator.kind is not Kind.CLOCK]
LONG = [operator for operator in CALLED if len(operator.formula or "") > 250]
"""Candle patterns for the most part: dozens of nodes each and all much alike, so that together they count for one."""
SHORT = [operator for operator in CALLED if operator not in LONG]
CLOCKS = sorted(name for name, operator in OPERATORS.items() if operator.kind is Kind.CLOCK)
ACROSS = [operator for operator in CALLED if operator.kind is Kind.CROSS_SECTION]

# Made once: a choice among operators that is made anew for each node reads all of each of them.
_FIELD = st.sampled_from(sorted(FIELDS))
_CLOCK = st.sampled_from(CLOCKS)
_LEVEL = st.sampled_from([0.0, 0.5, 100.0])
_CONSTANT = st.sampled_from([0.0, 1.0, -2.5, 100.0])
_EIGHT, _FIVE, _EITHER = st.integers(0, 7), st.integers(0, 4), st.booleans()


def _among(operators: list[Operator], across: bool, *others: str) -> st.SearchStrategy[str]:
    names = [each.name for each in operators if across or each.kind is not Kind.CROSS_SECTION]
    return st.sampled_from([*names, *others])


_SHORT = {across: _among(SHORT, across, "") for across in (True, False)}
"""One more than there are names: it stands for the long ones."""
_LONG = {across: _among(LONG, across) for across in (True, False)}


@cache
def _number(parameter: Parameter) -> st.SearchStrategy[float | int]:
    if parameter.whole:
        low, high = int(parameter.low), int(parameter.high)
        return st.one_of(st.integers(low, min(high, low + 7)), st.integers(low, min(high, low + 40)))
    return st.floats(max(parameter.low, -3), min(parameter.high, 3), allow_nan=False)


@cache
def graphs(*, across: bool = True, flag: bool = False, depth: int = 4) -> st.SearchStrategy[Node]:
    """A graph of at most `depth` operators above each other; only flags when `flag`."""
    return _graphs(across=across, flag=flag, depth=depth)


@st.composite
def _graphs(draw: st.DrawFn, *, across: bool, flag: bool, depth: int) -> Node:
    if depth == 0 and not flag:
        return field(draw(_FIELD))
    name = "greater" if flag and depth <= 0 else draw(_SHORT[across]) or draw(_LONG[across])
    node = _apply(draw, OPERATORS[name], across=across, depth=max(depth - 1, -1))
    if draw(_EIGHT) == 0 and not any(part.operator.begins or part.op in CLOCKS for part in walk(node)):
        node = apply(OPERATORS[draw(_CLOCK)], node)
    if flag and node.unit is not Unit.FLAG:
        return apply(OPERATORS["greater"], node, constant(draw(_LEVEL)))
    return node


def _apply(draw: st.DrawFn, operator: Operator, *, across: bool, depth: int) -> Node:
    inputs: list[Node | None] = []
    for place in operator.inputs:
        if place.optional and draw(_EITHER):
            inputs.append(None)
        elif inputs and not (place.flag or place.field or place.varies) and draw(_FIVE) == 0:
            inputs.append(constant(draw(_CONSTANT)))
        else:
            inputs.append(
                draw(graphs(across=across, flag=place.flag, depth=max(depth, 0) if not place.flag else depth))
            )
    numbers = [draw(_number(parameter)) for parameter in operator.parameters]
    try:
        return apply(operator, *inputs, *numbers)
    except StrategyInvalid:
        # Units do not go together: take plain numbers instead.
        plain = [_plain(node) for node in inputs]
        return apply(operator, *plain, *numbers)


def _plain(node: Node | None) -> Node | None:
    if node is None or node.unit in (Unit.NUMBER, Unit.FLAG):
        return node
    return apply(OPERATORS["log"], node)
