"""A graph ready to be evaluated: what it reads, and how far back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from midas.core.errors import StrategyInvalid
from midas.factors.lowering import lowered, walk
from midas.factors.node import Node
from midas.factors.operator import EVERY_ROW, Kind

MOST_NODES = 500
MOST_REMEMBERED = 50_000
_OVER_TIME = (Kind.DELAY, Kind.WINDOW, Kind.RECURSIVE)


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph in loops.

    root : the graph as it was written, the last of them where several run together.
    nodes : the operators that run, each once, inputs before what reads them.
    results : the nodes whose values are asked for, one for each graph.
    fields : the market fields read.
    warmup : rows before the first value that counts.
    lookback : rows to read before a row so that its value is the same to the bit as if all were read; `EVERY_ROW`
        when a memory never ends. State operators (`hold`) are apart: they begin at `state_from`.
    widened : a time operator reads a cross-section, which is therefore computed on every row.
    """

    root: Node
    nodes: tuple[Node, ...]
    fields: tuple[str, ...]
    warmup: int
    lookback: int
    widened: bool
    results: tuple[Node, ...]


def compile_plan(node: Node) -> Plan:
    """Return the plan of a graph.

    Raises
    ------
    StrategyInvalid: more than 500 nodes, or windows that together remember more than 50,000 rows.
    """
    _require_small(node)
    result = lowered(node)
    nodes = tuple(walk(result))
    remembered = sum(int(n.arguments[0]) for n in nodes if n.operator.kind in (Kind.DELAY, Kind.WINDOW))
    if remembered > MOST_REMEMBERED:
        raise StrategyInvalid(
            f"The windows remember {remembered:,} rows together; {MOST_REMEMBERED:,} are allowed.",
            hint="Use fewer or shorter windows.",
            code="too_large",
        )
    return _plan(node, nodes, (result,))


def plan_together(plans: Sequence[Plan]) -> Plan:
    """Return one plan that makes the results of several, each expression they share computed once.

    Its warm-up and look-back are the longest of theirs.
    """
    nodes: dict[Node, None] = {}
    for plan in plans:
        nodes.update(dict.fromkeys(plan.nodes))
    return _plan(plans[-1].root, tuple(nodes), tuple(result for plan in plans for result in plan.results))


def _require_small(node: Node) -> None:
    if not node.inputs and node.operator.kind is Kind.CONSTANT:
        raise StrategyInvalid("The graph is only a number.", hint="It needs a market field.", code="bad_expression")
    size = sum(1 for _ in walk(node))
    if size > MOST_NODES:
        raise StrategyInvalid(
            f"The graph has {size:,} nodes; {MOST_NODES} are allowed.", hint="Split the strategy.", code="too_large"
        )


def _plan(root: Node, nodes: tuple[Node, ...], results: tuple[Node, ...]) -> Plan:
    warmup: dict[Node, int] = {}
    lookback: dict[Node, int] = {}
    across: set[Node] = set()
    widened = False
    for current in nodes:
        operator = current.operator
        own = operator.warmup(current.arguments)
        warmup[current] = _reach(current, own, warmup)
        lookback[current] = EVERY_ROW if operator.endless else min(EVERY_ROW, _reach(current, own, lookback))
        if operator.kind is Kind.CROSS_SECTION or not across.isdisjoint(current.inputs):
            across.add(current)
            widened |= operator.kind in _OVER_TIME[1:]
    fields = tuple(n.op for n in nodes if n.operator.kind is Kind.FIELD)
    needs = max(warmup[one] for one in results), max(lookback[one] for one in results)
    return Plan(root, nodes, fields, *needs, widened, results)


def _reach(node: Node, own: int, before: Mapping[Node, int]) -> int:
    places = zip(node.inputs, node.operator.inputs, strict=False)
    return max((before[child] + (0 if place.latest else own) for child, place in places), default=own)
