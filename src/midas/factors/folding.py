"""What a plan need not compute, the results staying the same to the bit.

Numbers never meet in a graph (an operator over numbers alone is refused, and the text language joins them as it
reads), so there is nothing to compute ahead. What is left: operators that change nothing, two that make one, and
operations that mean the same and are written differently, which become one expression computed once. Sums are never
regrouped: (x * 2) * 3 rounds twice and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from midas.factors.node import Node
from midas.factors.symbol import NotSymbolic

_Rule = Callable[[Node], Node]


def folded(node: Node) -> Node:
    """Return a node of the same values, the inputs of `node` being folded already."""
    rule = _RULES.get(node.op)
    try:
        result = rule(node) if rule else node
    except NotSymbolic:
        return node  # whether it changes anything depends on the number
    return result if result is node else Node(result.op, result.inputs, result.arguments, node.unit)


def _is_number(node: Node, value: float) -> bool:
    return node.op == "constant" and node.arguments[0] == value


def _without(neutral: float) -> _Rule:
    return lambda node: node.inputs[0] if _is_number(node.inputs[1], neutral) else node


def _ordered(node: Node) -> Node:
    one, other = node.inputs
    swap = one.op == "constant" or (other.op != "constant" and other.digest < one.digest)
    return Node(node.op, (other, one), node.arguments, node.unit) if swap else node


def _product(node: Node) -> Node:
    ordered = _ordered(node)
    return ordered.inputs[0] if _is_number(ordered.inputs[1], 1.0) else ordered


def _idempotent(node: Node) -> Node:
    return node.inputs[0] if node.inputs[0] == node.inputs[1] else _ordered(node)


def _turned(op: str) -> _Rule:
    return lambda node: Node(op, node.inputs[::-1], node.arguments, node.unit)


def _undone(node: Node) -> Node:
    inner = node.inputs[0]
    return inner.inputs[0] if inner.op == node.op else node


def _size(node: Node) -> Node:
    inner = node.inputs[0]
    if inner.op == "abs":
        return inner
    return Node("abs", inner.inputs, (), node.unit) if inner.op == "negate" else node


def _of_one_row(node: Node) -> Node:
    return node.inputs[0] if node.arguments == (1,) else node


def _extreme(node: Node) -> Node:
    inner = node.inputs[0]
    if inner.op == node.op:
        rows = int(inner.arguments[0]) + int(node.arguments[0]) - 1
        return Node(node.op, inner.inputs, (rows,), node.unit)
    return _of_one_row(node)


def _delay(node: Node) -> Node:
    inner = node.inputs[0]
    if inner.op != "shift":
        return node
    return Node("shift", inner.inputs, (int(inner.arguments[0]) + int(node.arguments[0]),), node.unit)


def _seen(node: Node) -> Node:
    inner, close = node.inputs
    return inner if inner == close or (inner.op == "with_bar" and inner.inputs[1] == close) else node


_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "add": _ordered,
        "multiply": _product,
        "equal": _ordered,
        "not_equal": _ordered,
        "both": _idempotent,
        "either": _idempotent,
        "less": _turned("greater"),
        "less_equal": _turned("greater_equal"),
        "subtract": _without(0.0),
        "divide": _without(1.0),
        "power": _without(1.0),
        "negate": _undone,
        "negation": _undone,
        "abs": _size,
        "mean": _of_one_row,
        "sum": _of_one_row,
        "last": _of_one_row,
        "min": _extreme,
        "max": _extreme,
        "shift": _delay,
        "with_bar": _seen,
    }
)
