"""The configurations of many combinations at once: one text with gaps for the numbers that vary."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from midas.backtest.grid import Axis
from midas.backtest.hypothesis import sha256_of, text_of, told_of
from midas.backtest.samplers import Picks
from midas.backtest.spec import BacktestSpec
from midas.factors.graph_json import VERSION
from midas.factors.lowering import walk
from midas.factors.node import Node
from midas.factors.symbol import Symbol
from midas.strategies.definition import Definition
from midas.strategies.param import shortest

_WHOLE = 2.0**53

Ordinary = Callable[[int], Definition]
"""The strategy of a combination, by its place."""


def configurations(
    root: Node, axes: Sequence[Axis], picks: Picks, asked: BacktestSpec, ordinary: Ordinary
) -> list[str]:
    """Return `configuration_of` each combination of a graph with symbols in the place of the numbers that vary."""
    if not len(picks):
        return []

    def alone(place: int) -> str:
        definition = ordinary(place)
        return text_of(told_of(definition, asked.symbols, asked.start, asked.end, asked.dealing))

    simple = _apart(root, axes, picks)
    if not simple.any():
        return [sha256_of(alone(place)) for place in range(len(picks))]
    gaps = _gaps(root, ordinary(int(simple.argmax())), asked)
    numbers = {axis.name: [text_of(shortest(cast("float", value))) for value in axis.values] for axis in axes}
    at = {axis.name: place for place, axis in enumerate(axes)}
    filled = [(part, at[name], numbers[name]) for part, name in gaps[:-1]]

    def text(pick: list[int]) -> str:
        return "".join([f"{part}{numbers[pick[axis]]}" for part, axis, numbers in filled]) + gaps[-1][0]

    checked = int(simple.argmax())
    if text(picks[checked].tolist()) != alone(checked):
        return [sha256_of(alone(place)) for place in range(len(picks))]
    return [
        sha256_of(text(pick) if plain else alone(place))
        for place, (pick, plain) in enumerate(zip(picks.tolist(), simple.tolist(), strict=True))
    ]


# Where numbers are equal, parts of the graph may be as well, and equal parts are told once: those are built.
def _apart(root: Node, axes: Sequence[Axis], picks: Picks) -> NDArray[np.bool_]:
    fixed = [a for node in walk(root) for a in cast("tuple[object, ...]", node.arguments) if not isinstance(a, Symbol)]
    values = np.column_stack([np.array(axis.values, np.float64)[picks[:, at]] for at, axis in enumerate(axes)])
    ordered = np.sort(values, axis=1)
    usual = (np.diff(ordered, axis=1) > 0).all(axis=1) & (np.abs(values) < _WHOLE).all(axis=1)
    found: NDArray[np.bool_] = np.asarray(usual & ~np.isin(values, np.array(fixed, np.float64)).any(axis=1))
    return found


def _gaps(root: Node, definition: Definition, asked: BacktestSpec) -> list[tuple[str, str]]:
    place: dict[Node, int] = {}
    lines: list[list[object]] = []
    for node in walk(root):
        place[node] = len(lines)
        told = [_told(argument) for argument in cast("tuple[object, ...]", node.arguments)]
        line: list[object] = [node.op, [place[child] for child in node.inputs], told]
        while not line[-1]:
            line.pop()
        lines.append(line)
    told_all = told_of(definition, asked.symbols, asked.start, asked.end, asked.dealing)
    text = text_of(told_all | {"targets": {"version": VERSION, "nodes": lines}})
    pieces = re.split('"<<([A-Za-z0-9_]+)>>"', text)
    return list(zip(pieces[::2], [*pieces[1::2], ""], strict=True))


def _told(argument: object) -> object:
    return f"<<{argument.name}>>" if isinstance(argument, Symbol) else shortest(cast("float", argument))
