"""A graph ready to be evaluated: what it reads, and how far back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast

from midas.core.errors import StrategyInvalid
from midas.factors.lowering import clock_leaf, lowered, walk
from midas.factors.node import Node
from midas.factors.operator import EVERY_ROW, Kind
from midas.venues.calendar import Period

MOST_NODES = 500
MOST_REMEMBERED = 50_000
_OVER_TIME = (Kind.DELAY, Kind.WINDOW, Kind.RECURSIVE)


_LONGEST = MappingProxyType({"day": 1, "week": 7, "month": 31})
_PERIODS: Mapping[str, Period] = MappingProxyType({"daily": "day", "weekly": "week", "monthly": "month"})


@dataclass(frozen=True, slots=True)
class Clock:
    """A part of a graph that runs on the complete bars of a day, a week or a month.

    leaf : what stands for it among the nodes of the plan.
    plan : what runs on those bars; its warm-up and look-back count them.
    rows_a_day : the most rows a day has.
    """

    leaf: Node
    plan: Plan
    rows_a_day: int = 1

    @property
    def period(self) -> Period:
        return _PERIODS[self.leaf.op]

    def rows(self, bars: int) -> int:
        """Return the most rows that so many bars before the last complete one, it and an unfinished one may have."""
        return min(EVERY_ROW, (bars + 2) * _LONGEST[self.period] * self.rows_a_day)


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph in loops.

    root : the graph as it was written, the last of them where several run together.
    nodes : the operators that run, each once, inputs before what reads them.
    clocks : the parts that run on longer bars; each is a leaf among the nodes.
    results : the nodes whose values are asked for, one for each graph.
    fields : the market fields read, by those parts too.
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
    clocks: tuple[Clock, ...] = ()
    programs: dict[bool, object] = field(default_factory=dict, compare=False, repr=False)
    """The layouts made of these nodes so far; see `program.build`."""


def compile_plan(node: Node) -> Plan:
    """Return the plan of a graph; the node keeps it.

    Raises
    ------
    StrategyInvalid: more than 500 nodes, windows that together remember more than 50,000 rows, or within weekly or
        monthly another such part or a state that begins flat.
    """
    if node.compiled is None:
        object.__setattr__(node, "compiled", _compiled(node))
    return cast("Plan", node.compiled)


def _compiled(node: Node) -> Plan:
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
    parts = [part for part in walk(node, inside_clocks=False) if part.operator.kind is Kind.CLOCK]
    return _plan(node, nodes, (result,), tuple(_clock(part) for part in parts))


def _clock(part: Node) -> Clock:
    plan = compile_plan(part.inputs[0])
    if plan.clocks:
        raise StrategyInvalid(
            f"{part.op} reads what is {plan.clocks[0].leaf.op} already.",
            hint="Put them beside each other, not one inside the other.",
            code="bad_expression",
        )
    if any(node.operator.begins for node in plan.nodes):
        raise StrategyInvalid(
            f"{part.op} reads a state that begins flat on the first row of a run, such as hold.",
            hint=f"Use {part.op} inside it, e.g. hold({part.op}(entry), {part.op}(exit)).",
            code="bad_expression",
        )
    return Clock(clock_leaf(part), plan)


def plan_for_days(plan: Plan, rows_a_day: int) -> Plan:
    """Return the plan for data with so many rows a day, which longer bars are made of."""
    if not plan.clocks or rows_a_day == plan.clocks[0].rows_a_day:
        return plan
    clocks = tuple(replace(clock, rows_a_day=rows_a_day) for clock in plan.clocks)
    found = _plan(plan.root, plan.nodes, plan.results, clocks)
    return replace(found, warmup=max(plan.warmup, found.warmup))


def plan_lowered(results: Sequence[Node]) -> Plan:
    """Return the plan of graphs that are made of operators with a loop of their own already."""
    nodes: dict[Node, None] = {}
    for result in results:
        nodes.update(dict.fromkeys(walk(result, nodes)))
    return _plan(results[-1], tuple(nodes), tuple(results), ())


def plan_together(plans: Sequence[Plan]) -> Plan:
    """Return one plan that makes the results of several, each expression they share computed once.

    Its warm-up and look-back are the longest of theirs.
    """
    nodes: dict[Node, None] = {}
    for plan in plans:
        nodes.update(dict.fromkeys(plan.nodes))
    clocks = {clock.leaf: clock for plan in plans for clock in plan.clocks}
    results = tuple(result for plan in plans for result in plan.results)
    return _plan(plans[-1].root, tuple(nodes), results, tuple(clocks.values()))


def _require_small(node: Node) -> None:
    if not node.inputs and node.operator.kind is Kind.CONSTANT:
        raise StrategyInvalid("The graph is only a number.", hint="It needs a market field.", code="bad_expression")
    size = sum(1 for _ in walk(node))
    if size > MOST_NODES:
        raise StrategyInvalid(
            f"The graph has {size:,} nodes; {MOST_NODES} are allowed.", hint="Split the strategy.", code="too_large"
        )


def _plan(root: Node, nodes: tuple[Node, ...], results: tuple[Node, ...], clocks: tuple[Clock, ...]) -> Plan:
    warmup, lookback = reaches(nodes, clocks)
    read = dict.fromkeys(n.op for n in nodes if n.operator.kind is Kind.FIELD)
    fields = tuple(read | dict.fromkeys(name for clock in clocks for name in clock.plan.fields))
    needs = max(warmup[one] for one in results), max(lookback[one] for one in results)
    return Plan(root, nodes, fields, *needs, bool(widening(nodes)), results, clocks)


def reaches(nodes: Sequence[Node], clocks: Sequence[Clock]) -> tuple[dict[Node, int], dict[Node, int]]:
    """Return the warm-up and the look-back of each node, as those of a plan."""
    warmup = {clock.leaf: clock.rows(clock.plan.warmup) for clock in clocks}
    lookback = {clock.leaf: clock.rows(clock.plan.lookback) for clock in clocks}
    for current in nodes:
        if current in warmup:
            continue
        operator = current.operator
        own = operator.warmup(current.arguments)
        warmup[current] = _reach(current, own, warmup)
        lookback[current] = EVERY_ROW if operator.endless else min(EVERY_ROW, _reach(current, own, lookback))
    return warmup, lookback


def widening(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the windows and recursions that read a cross-section, directly or further down."""
    across: set[Node] = set()
    found: list[Node] = []
    for node in nodes:
        below = not across.isdisjoint(node.inputs)
        if below or node.operator.kind is Kind.CROSS_SECTION:
            across.add(node)
        if below and node.operator.kind in _OVER_TIME[1:]:
            found.append(node)
    return tuple(found)


def _reach(node: Node, own: int, before: Mapping[Node, int]) -> int:
    places = zip(node.inputs, node.operator.inputs, strict=False)
    return max((before[child] + (0 if place.latest else own) for child, place in places), default=own)
