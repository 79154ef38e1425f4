"""A graph as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from midas.factors.catalogue import OPERATORS

LONGEST_SHOWN = 2_000


class Shown(Protocol):
    """What of a node is shown."""

    @property
    def op(self) -> str: ...
    @property
    def inputs(self) -> Sequence[Shown]: ...
    @property
    def arguments(self) -> tuple[float | int, ...]: ...


def shown(node: Shown) -> str:
    """Return the node in the text language, cut with … when it is longer than a text may be."""
    pieces: list[str] = []
    length = 0
    waiting: list[Shown | str] = [node]
    while waiting:
        current = waiting.pop()
        parts = [current] if isinstance(current, str) else _parts(current)
        if isinstance(current, str):
            pieces.append(current)
            length += len(current)
        else:
            waiting.extend(reversed(parts))
        if length > LONGEST_SHOWN:
            return "".join(pieces)[: LONGEST_SHOWN - 1] + "…"
    return "".join(pieces)


def _parts(node: Shown) -> list[Shown | str]:
    symbol = OPERATORS[node.op].symbol
    if node.op == "constant":
        return [_number(node.arguments[0])]
    if not node.inputs:
        return [node.op]
    if symbol in ("neg", "~"):
        return ["(", "-" if symbol == "neg" else symbol, node.inputs[0], ")"]
    if symbol:
        return ["(", node.inputs[0], f" {symbol} ", node.inputs[1], ")"]
    parts: list[Shown | str] = [f"{node.op}("]
    for place, item in enumerate([*node.inputs, *node.arguments]):
        parts += [", "] if place else []
        parts.append(_number(item) if isinstance(item, int | float) else item)
    return [*parts, ")"]


def _number(value: float) -> str:
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    return f"({text})" if value < 0 else text
