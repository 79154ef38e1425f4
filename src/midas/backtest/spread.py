"""One strategy with many parameters on one instrument, an account for each, all at once.

Its graph is built once, with symbols in the place of the numbers that vary. What few values decide (an average of so
many closes) is computed once for each value; the rest runs for 32 accounts side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from midas.backtest.apart import first_bars
from midas.backtest.configurations import configurations
from midas.backtest.grid import Axis
from midas.backtest.lanes import THREADS, Lanes, are_plain, in_threads
from midas.backtest.period import NEVER
from midas.backtest.samplers import Picks
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.subject import Subject
from midas.backtest.trials import params_of
from midas.core.errors import InvalidInput
from midas.factors.alone import BEGUN, Given, stand_alone
from midas.factors.engine import Engine
from midas.factors.evaluate import evaluate_all
from midas.factors.lowering import lowered, walk
from midas.factors.market import Market
from midas.factors.node import Node
from midas.factors.operator import Kind
from midas.factors.plan import MOST_NODES, MOST_REMEMBERED, plan_lowered
from midas.factors.program import build
from midas.factors.symbol import NotSymbolic, Symbol
from midas.kernels.lane_account import OUT, lay_out, lay_steps
from midas.kernels.lanes import LANES
from midas.strategies.definition import Definition
from midas.strategies.param import ParamValue, plain
from midas.strategies.schedule import Every, speaking_rows
from midas.strategies.strategy import Strategy

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 64
"""Fewer combinations take the ordinary way: preparing this one would take longer."""

AT_ONCE = LANES
"""Accounts whose numbers a thread holds at a time, so that they stay in cache."""

_FEW = 4
"""What takes a quarter as many values as there are accounts, or fewer, is computed once for each."""

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A series of which there are few: the place of each account's among them."""

    series: Values
    which: Rows


class Spread:
    """Answers `base` for combinations of a subject's parameters."""

    def __init__(
        self, template: Strategy, written: Node, axes: Sequence[Axis], base: BacktestSpec, setting: Setting
    ) -> None:
        self._template, self._axes, self._base, self._setting = template, axes, base, setting
        self._written, self._root = written, lowered(written)

    def firsts(self, picks: Picks) -> tuple[Rows, str]:
        """Return the first row each could decide on alone, `NEVER` where it is refused, and why the first is."""
        refused = self._refused(picks)
        firsts, short = self._begins(picks)
        if short.any():
            refused.setdefault(int(short.argmax()), "")
        firsts[short] = NEVER
        firsts[[*refused]] = NEVER
        worst = min(refused, default=0)
        because = refused.get(worst, "") or ("" if not refused else self._too_short(picks[worst]))
        return firsts, because

    def answer(self, picks: Picks, first: int) -> Values | None:
        """Return (combination, `KEPT`) of combinations that all begin on the row `first`; None for the ordinary way."""
        firsts = np.full(len(picks), first)
        sums = self._sums(picks, firsts)
        if sums is None:
            return None
        values = self._lanes(firsts).measures(sums)
        return None if np.isnan(values[:, 0]).any() else values

    def configurations(self, picks: Picks) -> list[str]:
        """Return the configurations of combinations, as the trial ledger knows them."""
        return configurations(
            self._written, self._axes, picks, self._base, lambda place: self._definition(picks[place])
        )

    def _definition(self, pick: NDArray[np.int64]) -> Definition:
        return type(self._template)(**{**self._template_values(), **params_of(self._axes, pick)}).definition()

    def _template_values(self) -> dict[str, ParamValue]:
        varied = {axis.name for axis in self._axes}
        return {name: plain(getattr(self._template, name)) for name in self._template.param_specs if name not in varied}

    def _refused(self, picks: Picks) -> dict[int, str]:
        if type(self._template).check is Strategy.check:
            return {}
        refused: dict[int, str] = {}
        columns = [[axis.values[place] for place in picks[:, at].tolist()] for at, axis in enumerate(self._axes)]
        names = [axis.name for axis in self._axes]
        for number, chosen in enumerate(zip(*columns, strict=True)):
            for name, value in zip(names, chosen, strict=True):
                object.__setattr__(self._template, name, value)
            try:
                self._template.check()
            except InvalidInput as refusal:
                refused[number] = refusal.message
        return refused

    def _begins(self, picks: Picks) -> tuple[Rows, NDArray[np.bool_]]:
        asked, stop = self._setting.panel.row_range(self._base.start, self._base.end)
        listed = int(first_bars(self._setting.panel)[0])
        known: dict[Node, Rows] = {}
        chosen = _Chosen(self._axes, picks)
        for node in walk(self._root):
            own = self._own_warmup(node, chosen)
            reach = own
            for child, place in zip(node.inputs, node.operator.inputs, strict=False):
                reach = np.maximum(reach, known[child] + (0 if place.latest else own))
            known[node] = reach
        firsts = np.maximum(asked, listed + known[self._root]) + np.zeros(len(picks), np.int64)
        return firsts, (firsts >= stop - 1) & (firsts > asked)

    def _own_warmup(self, node: Node, chosen: _Chosen) -> Rows:
        own = _own(node)
        if not own:
            return np.array(node.operator.warmup(node.arguments))
        rows = [_warmup(node, _plain(node, combo)) for combo in chosen.values(own)]
        return np.array(rows, np.int64)[chosen.which(own)]

    def _too_short(self, pick: NDArray[np.int64]) -> str:
        from midas.backtest.window import window
        from midas.factors.plan import compile_plan

        try:
            window(compile_plan(self._definition(pick).targets), self._setting.panel, self._base.start, self._base.end)
        except InvalidInput as refusal:
            return refusal.message
        return "There is too little history."

    def _lanes(self, firsts: Rows) -> Lanes:
        _, stop = self._setting.panel.row_range(self._base.start, self._base.end)
        return Lanes(self._setting, self._template.every, firsts, np.zeros(len(firsts), np.int64), stop)

    def _sums(self, picks: Picks, firsts: Rows) -> Values | None:
        alone = stand_alone(self._root)
        if alone is None:
            return None
        panel, lanes = self._setting.panel, self._lanes(firsts)
        speaks = speaking_rows(
            self._template.every, self._setting.market.calendar, panel, int(firsts.min()), lanes.stop
        )
        leaves: dict[str, Leaf] = {}
        root = self._split(alone, picks, lanes.stop, leaves)
        if root is None:
            return None
        order = _in_blocks(leaves, len(firsts))
        leaves = {name: Leaf(leaf.series, leaf.which[order]) for name, leaf in leaves.items()}
        out, ordered = np.empty((len(firsts), len(OUT))), np.empty((len(firsts), len(OUT)))
        workers = [_Worker(root, leaves, lanes, speaks) for _ in range(THREADS)]
        in_threads(
            lambda thread, item: workers[thread].run(item * AT_ONCE, min((item + 1) * AT_ONCE, len(firsts)), ordered),
            -(-len(firsts) // AT_ONCE),
        )
        out[order] = ordered
        return out

    # The graph that runs for every account, and the leaves it reads; None where the two cannot be told apart.
    def _split(self, root: Node, picks: Picks, stop: int, leaves: dict[str, Leaf]) -> Node | None:
        wanted: dict[str, tuple[Node, Names]] = {}
        chosen = _Chosen(self._axes, picks)
        made: dict[Node, Node] = {}
        names: dict[Node, Names] = {}
        begun: set[Node] = set()
        for node in walk(root):
            own = _own(node)
            names[node] = own.union(*(names[child] for child in node.inputs))
            if node.op == BEGUN:
                begun.add(node)
                made[node] = node
                continue
            if not begun.isdisjoint(node.inputs):
                begun.add(node)
                if own:
                    return None
            elif own or (
                node.op != "constant"
                and (node.operator.kind is Kind.FIELD or chosen.count(names[node]) * _FEW <= len(chosen))
            ):
                name = f"given {len(wanted)}"
                wanted[name] = (node, names[node])
                made[node] = Given(name)
                continue
            inputs = tuple(made[child] for child in node.inputs)
            made[node] = node if inputs == node.inputs else Node(node.op, inputs, node.arguments, node.unit)
        used = {node.op for node in walk(made[root]) if isinstance(node, Given)}
        self._compute({name: wanted[name] for name in used if name in wanted}, chosen, stop, leaves)
        return made[root]

    def _compute(
        self, wanted: Mapping[str, tuple[Node, Names]], chosen: _Chosen, stop: int, leaves: dict[str, Leaf]
    ) -> None:
        asked = [_concrete(node, values) for node, names in wanted.values() for values in chosen.values(names)]
        series = np.empty((len(asked), stop))
        share = -(-len(asked) // THREADS)

        def work(_: int, item: int) -> None:
            some = asked[item * share : (item + 1) * share]
            graphs = [place for place, node in enumerate(some) if node.op != "constant"]
            for place, node in enumerate(some):
                if node.op == "constant":
                    series[item * share + place] = node.arguments[0]
            if graphs:
                plan = plan_lowered([some[place] for place in graphs])
                found = evaluate_all(plan, self._setting.panel, 0, stop, np.arange(stop), 1, 0)
                series[item * share + np.array(graphs)] = found[:, :, 0]

        in_threads(work, -(-len(asked) // share))
        place = 0
        for name, (_, names) in wanted.items():
            leaves[name] = Leaf(series[place : place + chosen.count(names)], chosen.which(names))
            place += chosen.count(names)


# Accounts in such an order that what a leaf has for 32 of them is, as often as can be, what it had for those before.
def _in_blocks(leaves: Mapping[str, Leaf], accounts: int) -> Rows:
    if not leaves:
        return np.arange(accounts)
    widest = max(leaves, key=lambda name: len(leaves[name].series))
    others = [leaf.which for name, leaf in leaves.items() if name != widest]
    which = leaves[widest].which
    return np.lexsort((which, *others, which // AT_ONCE))


class _Chosen:
    # The combinations asked for, by the parameters that matter to a part of the graph.
    def __init__(self, axes: Sequence[Axis], picks: Picks) -> None:
        self._axes, self._picks = axes, picks
        self._known: dict[Names, tuple[Rows, Rows]] = {}

    def __len__(self) -> int:
        return len(self._picks)

    def count(self, names: Names) -> int:
        return len(self._distinct(names)[0])

    def which(self, names: Names) -> Rows:
        return self._distinct(names)[1]

    def values(self, names: Names) -> list[dict[str, float]]:
        some = self._picks[self._distinct(names)[0]]
        axes = [(at, axis) for at, axis in enumerate(self._axes) if axis.name in names]
        return [{axis.name: cast("float", axis.values[int(row[at])]) for at, axis in axes} for row in some]

    # The first combination of each kind, and the kind of every combination.
    def _distinct(self, names: Names) -> tuple[Rows, Rows]:
        if names not in self._known:
            code, size = np.zeros(len(self._picks), np.int64), 1
            for at, axis in enumerate(self._axes):
                if axis.name in names:
                    code, size = code * len(axis.values) + self._picks[:, at], size * len(axis.values)
            seen = np.full(size, -1)
            seen[code[::-1]] = np.arange(len(code))[::-1]
            kinds = np.flatnonzero(seen >= 0)
            place = np.empty(size, np.int64)
            place[kinds] = np.arange(len(kinds))
            self._known[names] = seen[kinds], place[code]
        return self._known[names]


class _Worker:
    # A thread's own numbers: the leaves of some accounts side by side, what they want, and the engine in between.
    def __init__(self, root: Node, leaves: Mapping[str, Leaf], lanes: Lanes, speaks: Rows) -> None:
        plan = plan_lowered([root])
        self._lanes, self._speaks = lanes, speaks
        self._leaves = {name: leaves[name] for name in plan.fields if name != BEGUN}
        self._fields = {name: np.full((AT_ONCE // LANES, lanes.stop, LANES), np.nan) for name in plan.fields}
        self._laid: dict[str, Rows] = {}
        if BEGUN in self._fields:  # all begin together
            lay_steps(np.full(AT_ONCE, lanes.firsts[0]), 0, AT_ONCE, self._fields[BEGUN])
        self._weights = np.full((len(speaks), AT_ONCE), np.nan)
        self._begin = max(0, int(speaks[0]) - plan.lookback)
        self._engine = Engine(
            build(plan, every_row=3 * len(speaks) > lanes.stop - self._begin), self._fields, AT_ONCE, speaks, lowest=0,
            span=lanes.stop, state_from=0, threads=1, resumable=False,
        )  # fmt: skip

    def run(self, begin: int, end: int, out: Values) -> None:
        for name, leaf in self._leaves.items():
            which = leaf.which[begin:end]
            if name not in self._laid or not np.array_equal(which, self._laid[name]):
                lay_out(leaf.series, leaf.which, begin, end, self._fields[name])
                self._laid[name] = which
        self._engine.run(self._begin, int(self._speaks[-1]) + 1, self._weights)
        lanes = Lanes(
            self._lanes.setting, self._lanes.every, self._lanes.firsts[begin:end].copy(),
            self._lanes.columns[begin:end].copy(), self._lanes.stop,
        )  # fmt: skip
        found = np.empty((end - begin, out.shape[1]))
        lanes.run(self._weights, self._speaks, 0, end - begin, found)
        out[begin:end] = found


def spread_of(subject: Subject, axes: Sequence[Axis], base: BacktestSpec, setting: Setting) -> Spread | None:
    """Return the quick way to a subject's combinations; None where only the ordinary one will do."""
    kind = subject.kind
    if kind is None or setting.panel.columns != 1 or not are_plain(setting, kind.exits):
        return None
    if not all(axis.is_numeric and axis.name != "every" for axis in axes):
        return None
    if any(getattr(kind, name) is not getattr(Strategy, name) for name in ("__init__", "definition")):
        return None
    template = kind.__new__(kind)
    symbols = {axis.name: Symbol(axis.name, cast("float", axis.values[0])) for axis in axes}
    for name, spec in kind.param_specs.items():
        value = symbols.get(name, subject.fixed.get(name, spec.default))
        object.__setattr__(template, name, Every(str(value)) if name == "every" else value)
    written = _built(template, kind.targets)
    if written is None or not _bearable(written, axes):
        return None
    return Spread(template, written, axes, base, setting)


def _built(template: Strategy, targets: Callable[[Strategy, Market], Node]) -> Node | None:
    try:
        made = targets(template, Market())
        lowered(made)
    except (NotSymbolic, InvalidInput, TypeError, ValueError, AttributeError):
        return None  # it needs plain numbers, or refuses these: the ordinary way tells them apart
    return None if any(node.operator.kind is Kind.CLOCK for node in walk(made)) else made


def _bearable(root: Node, axes: Sequence[Axis]) -> bool:
    highest = {axis.name: max(cast("tuple[float, ...]", axis.values)) for axis in axes}
    nodes = list(walk(lowered(root)))
    remembered = sum(
        float(_plain(node, highest)[0]) for node in nodes if node.operator.kind in (Kind.DELAY, Kind.WINDOW)
    )
    return len(nodes) <= MOST_NODES and remembered <= MOST_REMEMBERED


def _own(node: Node) -> Names:
    arguments: Sequence[object] = node.arguments
    return frozenset(one.name for one in arguments if isinstance(one, Symbol))


def _plain(node: Node, values: Mapping[str, float]) -> tuple[float | int, ...]:
    arguments: Sequence[object] = node.arguments
    return tuple(values[one.name] if isinstance(one, Symbol) else cast("float", one) for one in arguments)


def _warmup(node: Node, numbers: tuple[float | int, ...]) -> int:
    try:
        read = [p.read(n, node.op) for p, n in zip(node.operator.parameters, numbers, strict=True)]
    except InvalidInput:
        return NEVER // 2
    return node.operator.warmup(tuple(read) if node.op != "constant" else numbers)


def _concrete(root: Node, values: Mapping[str, float]) -> Node:
    known: dict[Node, Node] = {}
    for node in walk(root):
        numbers = _plain(node, values)
        if node.op == "constant":
            numbers = (float(numbers[0]) + 0.0,)
        else:
            numbers = tuple(p.read(n, node.op) for p, n in zip(node.operator.parameters, numbers, strict=True))
        known[node] = Node(node.op, tuple(known[child] for child in node.inputs), numbers, node.unit)
    return known[root]
