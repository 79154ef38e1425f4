"""What a strategy reads: the market's fields, and every operator as a function."""

from __future__ import annotations

from collections.abc import Callable

from midas.core.errors import did_you_mean
from midas.factors.catalogue import FIELDS, OPERATORS, find
from midas.factors.node import Node, bound, field


class Market:
    """The market as a strategy sees it: `m.close`, `m.returns`, and functions such as `m.hold(entry=…, exit=…)`.

    Functions whose first input is a field by default may leave it out: `m.rsi(14)`, `m.atr(14)`.
    """

    __slots__ = ()

    @property
    def open(self) -> Node:
        return field("open")

    @property
    def high(self) -> Node:
        return field("high")

    @property
    def low(self) -> Node:
        return field("low")

    @property
    def close(self) -> Node:
        return field("close")

    @property
    def volume(self) -> Node:
        return field("volume")

    @property
    def turnover(self) -> Node:
        return field("turnover")

    @property
    def returns(self) -> Node:
        return field("returns")

    @property
    def raw_open(self) -> Node:
        return field("raw_open")

    @property
    def raw_high(self) -> Node:
        return field("raw_high")

    @property
    def raw_low(self) -> Node:
        return field("raw_low")

    @property
    def raw_close(self) -> Node:
        return field("raw_close")

    @property
    def raw_volume(self) -> Node:
        return field("raw_volume")

    def __getattr__(self, name: str) -> Callable[..., Node]:
        operator = None if name.startswith("_") else find(name)
        if operator is None or not operator.inputs:
            raise AttributeError(f"The market has no {name!r}. {did_you_mean(name, sorted(OPERATORS))}")
        return bound(operator)

    def __dir__(self) -> list[str]:
        return [*FIELDS, *(name for name, operator in OPERATORS.items() if operator.inputs)]
