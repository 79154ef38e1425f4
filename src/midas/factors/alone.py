"""A graph for names that each stand alone, so that unrelated series can lie side by side and be run as one market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from midas.factors.lowering import walk
from midas.factors.node import Node
from midas.factors.operator import Kind, Operator
from midas.factors.unit import Unit, kept

BEGUN = "begun"
"""The given series that is 1 from the row on which a name's states begin, else 0."""

_BEGINS = ("hold",)


class Given(Node):
    """A leaf whose numbers are handed to the engine under its name, like a market field's."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, (), (), Unit.NUMBER)

    @property
    def operator(self) -> Operator:
        return Operator(self.op, Kind.FIELD, "Numbers that are handed in.", kept)


def stand_alone(root: Node) -> Node | None:
    """Return a lowered graph whose every name is the only one of its cross-sections; None where that has no form.

    States that begin on a given row (`hold`) begin where the given series `BEGUN` does.
    """
    known: dict[Node, Node] = {}
    for node in walk(root):
        inputs = tuple(known[child] for child in node.inputs)
        if node.operator.kind is Kind.CROSS_SECTION:
            if node.op not in _ALONE:
                return None
            known[node] = _ALONE[node.op](inputs[0], node.arguments)
        elif node.operator.begins:
            if node.op not in _BEGINS:
                return None
            entry, leave = inputs
            known[node] = Node(node.op, (_where(entry, Given(BEGUN)), leave), node.arguments, node.unit)
        else:
            known[node] = node if inputs == node.inputs else Node(node.op, inputs, node.arguments, node.unit)
    return known[root]


def _constant(value: float) -> Node:
    return Node("constant", (), (float(value),), Unit.NUMBER)


def _where(x: Node, condition: Node) -> Node:
    return Node("where", (x, condition), (), x.unit)


def _there(x: Node) -> Node:
    return Node("equal", (x, x), (), Unit.FLAG)


def _slot(x: Node, arguments: tuple[float | int, ...]) -> Node:
    return Node("where", (_constant(arguments[0]), x, _constant(0.0)), (), Unit.NUMBER)


def _normalise(x: Node, arguments: tuple[float | int, ...]) -> Node:
    size = Node("abs", (x,), (), Unit.NUMBER)
    share = Node("multiply", (Node("divide", (x, size), (), Unit.NUMBER), _constant(arguments[0])), (), Unit.NUMBER)
    return Node("fill", (share, _where(_constant(0.0), _there(x))), (), Unit.NUMBER)


_ALONE: Mapping[str, Callable[[Node, tuple[float | int, ...]], Node]] = MappingProxyType(
    {
        "slot": _slot,
        "normalise": _normalise,
        "top": lambda x, _: _there(x),
        "bottom": lambda x, _: _there(x),
        "rank": lambda x, _: _there(x),
        "demean": lambda x, _: Node("subtract", (x, x), (), x.unit),
        "winsorise": lambda x, _: x,
    }
)
