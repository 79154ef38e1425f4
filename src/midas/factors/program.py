"""A plan laid out for the driver: which loop runs in which stage, on which rows, from and into which room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import cast

from midas.factors.fusing import fused
from midas.factors.lowering import walk
from midas.factors.node import Node
from midas.factors.operator import Kind
from midas.factors.plan import Plan

ON_EVERY_ROW = -1
"""In a value's place for "how many rows before the rows asked for"."""

Value = tuple[Node, int]
"""A node on every row, or n >= 0 rows before each of the rows asked for."""


_LEAVES = (Kind.FIELD, Kind.CLOCK)


def leaf_name(node: Node) -> str:
    """Return the name a leaf's numbers are given under: a field's own, or that of a part with its own clock."""
    return node.op if node.operator.kind is Kind.FIELD else f"{node.op} {node.arguments[0]:x}"


class Does(Enum):
    """What a call does; see `midas.kernels.drive`."""

    RUN = auto()
    ACROSS = auto()
    PICK = auto()
    LEAF = auto()
    EMIT = auto()


class Room(Enum):
    """Where a value is kept."""

    FIELD = auto()
    CONSTANT = auto()
    SLOT = auto()
    KEPT = auto()
    PICKED = auto()


Place = tuple[Room, str | float | int]


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the driver's table, before places are known; `result` says which of the results is written."""

    does: Does
    reads: tuple[Value, ...]
    makes: Value | None = None
    result: int = 0

    @property
    def back(self) -> int:
        """How many rows before the rows asked for; 0 where there is no such distance."""
        return max(0, self.makes[1]) if self.makes else 0

    @property
    def runs(self) -> Node | None:
        """The node whose loop runs, if one does."""
        return self.makes[0] if self.makes and self.does in (Does.RUN, Does.ACROSS) else None


@dataclass(frozen=True, slots=True)
class Stage:
    """Calls that run together: tile by tile over time, or across the market row by row.

    `places[i]` is (out, inputs) of call i.
    """

    across: bool
    calls: tuple[Call, ...]
    places: tuple[tuple[Place | None, tuple[Place, ...]], ...]
    slots: int

    def runs(self) -> Iterator[Node]:
        """Yield the node of every loop that runs."""
        return (node for call in self.calls if (node := call.runs) is not None)


@dataclass(frozen=True, slots=True)
class Program:
    """Stages over every row, then the tail over the rows asked for."""

    stages: tuple[Stage, ...]
    tail: Stage | None
    kept: int
    picked: int

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        return (*self.stages, self.tail) if self.tail else self.stages


def build(plan: Plan, *, every_row: bool) -> Program:
    """Lay out a plan, which keeps the layout.

    With `every_row` all runs on every row and the rows asked for are read off at the end. Without, what needs no
    memory (arithmetic, delays of it, cross-sections) runs only on the rows asked for, and n rows before them where
    it is read through a delay; windows and recursions, and all below them, run on every row.
    """
    if every_row not in plan.programs:
        plan.programs[every_row] = _built(plan, every_row=every_row)
    return cast("Program", plan.programs[every_row])


def _built(plan: Plan, *, every_row: bool) -> Program:
    roots, nodes = plan.results, plan.nodes
    if every_row:
        roots = fused(roots)
        nodes = tuple(dict.fromkeys(node for root in roots for node in walk(root)))
    dense = set(nodes) if every_row else _needed_on_every_row(nodes, roots)
    levels = _levels([node for node in nodes if node in dense])
    if dense.issuperset(roots):
        return _laid_out(roots, levels, [])
    tasks = _tasks(roots, levels, 4 * len(nodes) + 16)
    return build(plan, every_row=True) if tasks is None else _laid_out(roots, levels, tasks)


def _needed_on_every_row(nodes: Sequence[Node], roots: Sequence[Node]) -> set[Node]:
    asked, dense = set(roots), set[Node]()
    for node in reversed(nodes):
        if node in dense or (node in asked and node.operator.kind in (Kind.WINDOW, Kind.RECURSIVE)):
            dense.add(node)
            dense.update(node.inputs)
        elif node in asked:
            asked.update(node.inputs)
    return dense


# Stages are numbered by level: even ones run over time, odd ones across the market. Fields and numbers have none.
def _levels(dense: Sequence[Node]) -> dict[Node, int]:
    levels: dict[Node, int] = {}
    for node in dense:
        kind = node.operator.kind
        if kind in (*_LEAVES, Kind.CONSTANT):
            continue
        level = max((levels.get(child, 0) for child in node.inputs), default=0)
        if kind is not Kind.POINTWISE and (level % 2 == 1) != (kind is Kind.CROSS_SECTION):
            level += 1
        levels[node] = level
    return levels


def _at_hand(node: Node, levels: Mapping[Node, int]) -> bool:
    # Only a stage over time passes every row of a tile in order, so only there can rows be picked out.
    return node in levels and levels[node] % 2 == 0


# The calls of the tail in order; None when the same nodes would run at too many distances to be worth it.
def _tasks(roots: Sequence[Node], levels: Mapping[Node, int], most: int) -> list[Call] | None:
    calls: dict[Value, Call] = {}
    waiting = [(_source((root, 0), levels), False) for root in reversed(roots)]
    while waiting:
        value, ready = waiting.pop()
        if value in calls or value[0].operator.kind is Kind.CONSTANT:
            continue
        call = _task(value, levels)
        if ready or call.runs is None:
            calls[value] = call
        else:
            waiting.append((value, True))
            waiting.extend((read, False) for read in reversed(call.reads))
        if len(calls) > most:
            return None
    return list(calls.values())


def _source(value: Value, levels: Mapping[Node, int]) -> Value:
    node, back = value
    while node.operator.kind is Kind.DELAY and not _at_hand(node, levels):
        node, back = node.inputs[0], back + int(node.arguments[0])
    return node, back


def _task(value: Value, levels: Mapping[Node, int]) -> Call:
    node, back = value
    if node.operator.kind in _LEAVES:
        return Call(Does.LEAF, ((node, ON_EVERY_ROW),), value)
    if _at_hand(node, levels):
        return Call(Does.PICK, ((node, ON_EVERY_ROW),), value)
    return Call(_doing(node), tuple(_source((child, back), levels) for child in node.inputs), value)


def _doing(node: Node) -> Does:
    return Does.ACROSS if node.operator.kind is Kind.CROSS_SECTION else Does.RUN


def _laid_out(roots: Sequence[Node], levels: Mapping[Node, int], tasks: Sequence[Call]) -> Program:
    picks: dict[Node, list[Call]] = defaultdict(list)
    for task in tasks:
        if task.does is Does.PICK:
            picks[task.reads[0][0]].append(task)
    stages: dict[int, list[Call]] = defaultdict(list)
    for node, level in levels.items():
        reads = tuple((child, ON_EVERY_ROW) for child in node.inputs)
        stages[level] += [Call(_doing(node), reads, (node, ON_EVERY_ROW)), *picks[node]]
    tail = [task for task in tasks if task.does is not Does.PICK]
    for place, root in enumerate(roots):
        asked = _source((root, 0), levels) if tasks else (root, ON_EVERY_ROW)
        (tail if tasks else stages[levels.get(root, 0)]).append(Call(Does.EMIT, (asked,), result=place))

    fixed: dict[Value, Place] = {}
    for pick in (pick for calls in picks.values() for pick in calls):
        fixed[cast("Value", pick.makes)] = (Room.PICKED, len(fixed))
    picked = len(fixed)
    for level, calls in stages.items():
        for value in (value for call in calls for value in call.reads):
            if levels.get(value[0], level) < level and value not in fixed:
                fixed[value] = (Room.KEPT, len(fixed) - picked)
    over = tuple(_allocated(level % 2 == 1, stages[level], fixed) for level in sorted(stages))
    return Program(over, _allocated(True, tail, fixed) if tail else None, len(fixed) - picked, picked)


def _allocated(across: bool, calls: Sequence[Call], fixed: Mapping[Value, Place]) -> Stage:
    last = {value: index for index, call in enumerate(calls) for value in call.reads}
    used: dict[Value, int] = {}
    free: list[int] = []
    places: list[tuple[Place | None, tuple[Place, ...]]] = []
    slots = 0
    for index, call in enumerate(calls):
        out = fixed.get(call.makes) if call.makes else None
        if call.makes and out is None:
            # Taken before the inputs' slots are given back: a loop that reads what it writes does not vectorise.
            used[call.makes] = free.pop() if free else slots
            slots = max(slots, used[call.makes] + 1)
            out = (Room.SLOT, used[call.makes])
        places.append((out, tuple(_place(value, fixed, used) for value in call.reads)))
        finished = [value for value in dict.fromkeys(call.reads) if value in used and last[value] == index]
        free.extend(used.pop(value) for value in finished)
    return Stage(across, tuple(calls), tuple(places), slots)


def _place(value: Value, fixed: Mapping[Value, Place], used: Mapping[Value, int]) -> Place:
    node, back = value
    if node.operator.kind is Kind.CONSTANT:
        return Room.CONSTANT, float(node.arguments[0])
    if node.operator.kind in _LEAVES and back == ON_EVERY_ROW:
        return Room.FIELD, leaf_name(node)
    return fixed[value] if value in fixed else (Room.SLOT, used[value])
