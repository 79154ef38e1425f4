"""Operations that run as one where they would run on every row anyway, the results staying the same to the bit.

A crossing is written as four operations on how two series compare; read off the row before, they are one step with a
memory of a row. Where only a few rows are asked for, four without a memory are less work.
"""

from __future__ import annotations

from collections.abc import Sequence

from midas.factors.lowering import walk
from midas.factors.node import Node


def fused(results: Sequence[Node]) -> tuple[Node, ...]:
    """Return graphs of the same values in fewer operations; they are lowered already."""
    known: dict[Node, Node] = {}
    for result in results:
        for node in walk(result, known):
            inputs = tuple(known[child] for child in node.inputs)
            same = all(one is other for one, other in zip(inputs, node.inputs, strict=True))
            known[node] = _crossing(node if same else Node(node.op, inputs, node.arguments, node.unit))
    return tuple(known[result] for result in results)


def _crossing(node: Node) -> Node:
    if node.op != "both":
        return node
    for now, delayed in (node.inputs, node.inputs[::-1]):
        if now.op != "greater" or delayed.op != "shift" or delayed.arguments != (1,):
            continue
        before = delayed.inputs[0]
        if before.op != "greater_equal" or before.inputs != now.inputs[::-1]:
            continue
        if _is_zero(now.inputs[1]):
            return Node("rise", now.inputs[:1], (), node.unit)
        if _is_zero(now.inputs[0]):
            return Node("fall", now.inputs[1:], (), node.unit)
    return node


def _is_zero(node: Node) -> bool:
    return node.op == "constant" and node.arguments[0] == 0.0
