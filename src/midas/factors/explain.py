"""A plan as people read it: what runs, where, on which rows, how far back it looks and what it costs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from midas.factors.lowering import walk
from midas.factors.node import Node
from midas.factors.operator import EVERY_ROW, Kind
from midas.factors.plan import Plan, reaches, widening
from midas.factors.program import ON_EVERY_ROW, Call, Does, Program, Stage, Value, build

BYTES = 8
DENSE_SHARE = 3
"""When at least one row in so many speaks, all is computed on every row (see `evaluate_all`)."""

_BARS_APART = {"day": 1, "week": 5, "month": 21}


@dataclass(frozen=True, slots=True)
class Step:
    """One loop that runs.

    text : the operator, #3 standing for what step 3 makes.
    stage : "over time", tile by tile, or "across the market", row by row, or "value by value", which is either.
    rows : which it runs on.
    readers : how many steps read it, the result counting as one: more than 1 is shared.
    warmup : rows before its first full value; `endless` when it remembers all there was.
    state_bytes : what it remembers of each instrument.
    ns : nanoseconds for each value, one core, measured once (scripts/measure_loops.py); None where it was not.
    share : the share of all rows it runs on, about.
    bars : day, or week or month for a part that runs on longer bars.
    """

    number: int
    text: str
    stage: str
    rows: str
    readers: int
    warmup: int
    endless: bool
    state_bytes: int
    ns: float | None
    share: float
    bars: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A plan, step by step.

    written, run : how many operators the graph has as written, and how many loops run for it.
    widened : for each time operator above a cross-section, why that runs on every row.
    begins : steps whose state begins flat where the run begins.
    kept_bytes : what is handed from stage to stage, for each instrument and row.
    ns_per_bar : the cost of all steps for one bar of one instrument; also ms for 1,000 instruments over 1,000 rows.
    """

    steps: tuple[Step, ...]
    written: int
    fields: tuple[str, ...]
    warmup: int
    endless: bool
    stages: int
    widened: tuple[str, ...]
    begins: tuple[str, ...]
    state_bytes: int
    kept_bytes: int
    ns_per_bar: float

    @property
    def run(self) -> int:
        return len(self.steps)


def explain(plan: Plan, rows_apart: int) -> Explanation:
    """Return what a plan does for a strategy that speaks on one row in `rows_apart`."""
    steps: list[Step] = []
    parts: dict[Node, str] = {}
    for clock in plan.clocks:
        inner = _steps(clock.plan, 1, clock.period, {}, len(steps))
        steps += inner
        parts[clock.leaf] = f"{clock.leaf.op}({f'#{len(steps)}' if inner else clock.plan.results[0].op})"
    steps += _steps(plan, rows_apart, "day", parts, len(steps))
    program = _program(plan, rows_apart)
    return Explanation(
        steps=tuple(steps),
        written=sum(1 for node in walk(plan.root) if node.operator.kind not in (Kind.FIELD, Kind.CONSTANT)),
        fields=plan.fields,
        warmup=plan.warmup,
        endless=plan.lookback >= EVERY_ROW,
        stages=len(program.all_stages),
        widened=tuple(_why(node) for node in widening(plan.nodes)),
        begins=tuple(dict.fromkeys(node.op for node in plan.nodes if node.operator.begins)),
        state_bytes=sum(step.state_bytes for step in steps),
        kept_bytes=program.kept * BYTES,
        ns_per_bar=sum((step.ns or 0.0) * step.share for step in steps),
    )


def _program(plan: Plan, rows_apart: int) -> Program:
    return build(plan, every_row=rows_apart < DENSE_SHARE)


def _steps(plan: Plan, rows_apart: int, bars: str, parts: Mapping[Node, str], before: int) -> list[Step]:
    program = _program(plan, rows_apart)
    warmup, lookback = reaches(_nodes(program), plan.clocks)
    readers = _readers(program)
    names: dict[Value, str] = {}
    found: list[Step] = []
    for stage, call, node in _runs(program):
        number = before + len(found) + 1
        made = cast("Value", call.makes)
        names[made] = f"#{number}"
        found.append(
            Step(
                number=number,
                text=_text(node, [_name(read, call.back, names, parts) for read in call.reads]),
                stage=_stage(stage, node),
                rows=_rows(made[1]),
                readers=readers[made],
                warmup=warmup[node],
                endless=lookback[node] >= EVERY_ROW,
                state_bytes=_state(node),
                ns=_ns(node),
                share=(1.0 if made[1] < 0 else 1.0 / rows_apart) / _BARS_APART[bars],
                bars=bars,
            )
        )
    return found


# Those that run, some of them in the place of several that the plan names, and what they read.
def _nodes(program: Program) -> tuple[Node, ...]:
    found: dict[Node, None] = {}
    for _, _, node in _runs(program):
        found.update(dict.fromkeys(walk(node, found)))
    return tuple(found)


def _runs(program: Program) -> Iterator[tuple[Stage, Call, Node]]:
    return (
        (stage, call, node) for stage in program.all_stages for call in stage.calls if (node := call.runs) is not None
    )


# Through a copy of chosen rows a value is read as well.
def _readers(program: Program) -> Counter[Value]:
    calls = [call for stage in program.all_stages for call in stage.calls]
    picked = {call.makes: call.reads[0] for call in calls if call.does is Does.PICK}
    return Counter(picked.get(read, read) for call in calls if call.does is not Does.PICK for read in set(call.reads))


def _stage(stage: Stage, node: Node) -> str:
    if node.operator.kind is Kind.CROSS_SECTION:
        return "across the market"
    return "value by value" if stage.across else "over time"


def _rows(back: int) -> str:
    if back < 0:
        return "every row"
    return f"{back} before speaking rows" if back else "speaking rows"


def _text(node: Node, parts: Sequence[str]) -> str:
    symbol = node.operator.symbol
    if symbol and len(parts) == 2:
        return f"{parts[0]} {symbol} {parts[1]}"
    if symbol:
        return f"{'-' if symbol == 'neg' else symbol}{parts[0]}"
    return f"{node.op}({', '.join([*parts, *(f'{value:g}' for value in node.arguments)])})"


# A delay is no step of its own where what it reads is computed so many rows earlier.
def _name(read: Value, back: int, names: Mapping[Value, str], parts: Mapping[Node, str]) -> str:
    node, at = read
    if node.operator.kind is Kind.CONSTANT:
        return f"{node.arguments[0]:g}"
    plain = node.op if node.operator.kind is Kind.FIELD else parts.get(node, "")
    if read in names and not plain:
        return names[read]
    plain = plain or names[node, ON_EVERY_ROW]
    return f"{plain} {at - back} rows before" if at > back else plain


def _why(node: Node) -> str:
    inner = next(child for child in walk(node) if child.operator.kind is Kind.CROSS_SECTION)
    return f"{node.op} reads earlier rows of {inner.op}, which is therefore computed on every row"


def _state(node: Node) -> int:
    from midas.factors.rooms import first_whole, loop_of
    from midas.kernels.lanes import LANES

    return loop_of(node).state(first_whole(node)) // LANES * BYTES


def _ns(node: Node) -> float | None:
    from midas.factors.rooms import first_whole, loop_of

    measured = _costs().get(loop_of(node).name)
    return None if measured is None else measured[0] + measured[1] * first_whole(node)


@cache
def _costs() -> Mapping[str, Sequence[float]]:
    text = files("midas.kernels").joinpath("costs.json").read_text(encoding="utf-8")
    return cast("Mapping[str, Sequence[float]]", json.loads(text))
