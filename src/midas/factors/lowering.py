"""From the operators people write to those that have a loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import cast

from midas.factors.catalogue import OPERATORS
from midas.factors.folding import folded
from midas.factors.node import Node, apply
from midas.factors.operator import Kind
from midas.factors.text import read_formula
from midas.factors.unit import Unit

# A general power costs ten times a product.
_POWERS: Mapping[float, Callable[[Node], Node]] = MappingProxyType(
    {
        0.5: lambda x: apply(OPERATORS["sqrt"], x),
        2.0: lambda x: apply(OPERATORS["multiply"], x, x),
        3.0: lambda x: apply(OPERATORS["multiply"], apply(OPERATORS["multiply"], x, x), x),
    }
)


def walk(root: Node, known: Collection[Node] = (), *, inside_clocks: bool = True) -> Iterator[Node]:
    """Yield every distinct node that is not `known` once, inputs before what reads them, the root last."""
    done: set[Node] = set()
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, ready = waiting.pop()
        if node in done or node in known:
            continue
        if ready:
            done.add(node)
            yield node
        else:
            waiting.append((node, True))
            if inside_clocks or node.operator.kind is not Kind.CLOCK:
                waiting.extend((child, False) for child in reversed(node.inputs))


def lowered(root: Node) -> Node:
    """Return the same graph in operators that have a loop of their own, a leaf for each part with its own clock.

    What need not be computed is left out.
    """
    known: dict[Node, Node] = {}
    for node in walk(root, inside_clocks=False):
        if node.operator.kind is Kind.CLOCK:
            known[node] = clock_leaf(node)
            continue
        inputs = tuple(known[child] for child in node.inputs)
        known[node] = folded(_lowered(node, inputs, known))
    return known[root]


def clock_leaf(node: Node) -> Node:
    """Return what stands for a part of the graph with its own clock: its number is that of the part."""
    return Node(node.op, (), (int.from_bytes(node.digest, "big"),), node.unit)


def _lowered(node: Node, inputs: tuple[Node, ...], known: dict[Node, Node]) -> Node:
    operator = node.operator
    if operator.formula:
        heads = [*(i.name for i in operator.inputs), *(p.name for p in operator.parameters)]
        values = [*(_plain(child) for child in inputs), *node.arguments]
        names: dict[str, Node | float | int] = dict(zip(heads, values, strict=True))
        expanded = cast("Node", read_formula(operator.formula, names))
        # What the formula brought in may be composed too; what it was given is lowered already.
        known |= {child: child for child in inputs}
        for step in walk(expanded, known):
            known[step] = folded(_lowered(step, tuple(known[child] for child in step.inputs), known))
        result = known[expanded]
        # What reads it was checked against the unit the operator declares.
        return Node(result.op, result.inputs, result.arguments, node.unit)
    if node.op == "power" and inputs[1].op == "constant" and inputs[1].arguments[0] in _POWERS:
        return _POWERS[inputs[1].arguments[0]](inputs[0])
    if operator.only_with_bar:
        inputs = (_with_bar(inputs[0]), *inputs[1:])
    return node if inputs == node.inputs else Node(node.op, inputs, node.arguments, node.unit)


# Units were checked when the graph was written. Inside a formula a price among plain numbers could only be in the way.
def _plain(node: Node) -> Node:
    return node if node.unit is Unit.FLAG else Node(node.op, node.inputs, node.arguments, Unit.NUMBER)


def _with_bar(x: Node) -> Node:
    # Cross-sections have no value where there is no bar, except that weights are 0 there.
    hidden = x.op == "with_bar" or (x.operator.only_with_bar and not x.operator.weighs)
    return x if hidden else folded(apply(OPERATORS["with_bar"], x))
