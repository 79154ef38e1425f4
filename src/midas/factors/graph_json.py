"""The graph as JSON: one form for each graph, so that it can name a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.factors.catalogue import OPERATORS
from midas.factors.lowering import walk
from midas.factors.node import Node, apply, constant
from midas.factors.plan import MOST_NODES

VERSION = 1

Json = dict[str, object]


def to_json(root: Node) -> Json:
    """Return `{"version": 1, "nodes": [...]}`, inputs before what reads them, the result last.

    A node is `[name]`, `[name, [input places]]` or `[name, [input places], [numbers]]`; equal parts occur once.

    Raises
    ------
    StrategyInvalid: more than 500 nodes.
    """
    place: dict[Node, int] = {}
    nodes: list[list[object]] = []
    for node in walk(root):
        place[node] = len(nodes)
        line: list[object] = [node.op, [place[child] for child in node.inputs], [_short(a) for a in node.arguments]]
        while not line[-1]:
            line.pop()
        nodes.append(line)
        if len(nodes) > MOST_NODES:
            raise StrategyInvalid(f"The graph has more than {MOST_NODES} nodes.", hint="Split the strategy.")
    return {"version": VERSION, "nodes": nodes}


def canonical(root: Node) -> str:
    """Return the JSON as text, the same characters for the same graph."""
    return json.dumps(to_json(root), separators=(",", ":"), sort_keys=True, allow_nan=False)


def from_json(data: object) -> Node:
    """Return the graph; every node is checked as if it had just been written.

    Raises
    ------
    StrategyInvalid: anything but what `to_json` makes.
    """
    if not isinstance(data, Mapping) or set(data) != {"version", "nodes"}:
        raise _broken("it must have exactly version and nodes")
    if type(data["version"]) is not int or data["version"] != VERSION:
        raise StrategyInvalid(
            f"Graphs of version {data['version']!r} cannot be read.", hint=f"This Midas reads version {VERSION}."
        )
    lines = data["nodes"]
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_NODES:
        raise _broken(f"nodes must be a list of 1 to {MOST_NODES}")
    built: list[Node] = []
    for index, line in enumerate(lines):
        built.append(_node(index, line, built))
    return built[-1]


def _node(index: int, line: object, built: Sequence[Node]) -> Node:
    if not isinstance(line, list) or not 1 <= len(line) <= 3 or not isinstance(line[0], str):
        raise _broken(f"node {index} must be [name, inputs, numbers]")
    name = line[0]
    places, numbers = [*line[1:], [], []][:2]
    if not isinstance(places, list) or not isinstance(numbers, list):
        raise _broken(f"node {index}: inputs and numbers must be lists")
    if not all(type(place) is int and 0 <= place < index for place in places):
        raise _broken(f"node {index}: inputs must be places of earlier nodes")
    if name == "constant":
        if places or len(numbers) != 1:
            raise _broken(f"node {index}: a constant is one number")
        return constant(numbers[0])
    operator = OPERATORS.get(name)
    if operator is None:
        raise StrategyInvalid(f"There is no operator {name!r}.", hint=did_you_mean(name, sorted(OPERATORS)))
    needed = sum(1 for place in operator.inputs if not place.optional)
    if not needed <= len(places) <= len(operator.inputs) or len(numbers) != len(operator.parameters):
        raise _broken(f"node {index}: {operator.signature} has another number of inputs or numbers")
    missing: list[object] = [None] * (len(operator.inputs) - len(places))
    return apply(operator, *[built[place] for place in cast("list[int]", places)], *missing, *numbers)


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value


def _broken(why: str) -> StrategyInvalid:
    return StrategyInvalid(f"This is not a graph: {why}.", hint="Write it with `to_json`.", code="graph_invalid")
