"""What a strategy reads: the market's fields, and every operator as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.factors.catalogue import FIELDS, OPERATORS, find
from midas.factors.known_ahead import KnownAhead
from midas.factors.node import Node, apply, bound, field
from midas.factors.operator import Operator

CLOCKS: Mapping[str, str] = MappingProxyType({"1d": "daily", "1w": "weekly", "1mo": "monthly"})
"""The operator that reads bars of a timeframe."""


class _Fields(KnownAhead):
    __slots__ = ()

    def _function(self, operator: Operator) -> Callable[..., Node]:
        return bound(operator)

    @property
    def open(self) -> Node:
        return self._field("open")

    @property
    def high(self) -> Node:
        return self._field("high")

    @property
    def low(self) -> Node:
        return self._field("low")

    @property
    def close(self) -> Node:
        return self._field("close")

    @property
    def volume(self) -> Node:
        return self._field("volume")

    @property
    def turnover(self) -> Node:
        return self._field("turnover")

    @property
    def returns(self) -> Node:
        return self._field("returns")

    @property
    def raw_open(self) -> Node:
        return self._field("raw_open")

    @property
    def raw_high(self) -> Node:
        return self._field("raw_high")

    @property
    def raw_low(self) -> Node:
        return self._field("raw_low")

    @property
    def raw_close(self) -> Node:
        return self._field("raw_close")

    @property
    def raw_volume(self) -> Node:
        return self._field("raw_volume")

    def __getattr__(self, name: str) -> Callable[..., Node]:
        operator = None if name.startswith("_") else find(name)
        if operator is None or not operator.inputs:
            raise AttributeError(f"The market has no {name!r}. {did_you_mean(name, sorted(OPERATORS))}")
        return self._function(operator)

    def __dir__(self) -> list[str]:
        return [*FIELDS, *(name for name, operator in OPERATORS.items() if operator.inputs)]


class Market(_Fields):
    """The market as a strategy sees it: `m.close`, `m.returns`, and functions such as `m.hold(entry=…, exit=…)`.

    Functions whose first input is a field by default may leave it out: `m.rsi(14)`, `m.atr(14)`.
    """

    __slots__ = ()

    def at(self, timeframe: str) -> LongerBars:
        """Return the market on bars of a day (`1d`), a week (`1w`) or a month (`1mo`).

        `m.at("1w").close` is the close of the last complete week, `m.at("1w").close.mean(10)` the mean of ten such
        closes, `m.at("1w").atr(14)` the range of fourteen weeks.

        Raises
        ------
        StrategyInvalid: another timeframe.
        """
        clock = CLOCKS.get(timeframe)
        if clock is None:
            raise StrategyInvalid(
                f"There are no bars of {timeframe!r} to read.",
                hint=did_you_mean(timeframe, list(CLOCKS)),
                code="timeframe",
            )
        return LongerBars(OPERATORS[clock])


class LongerBars(_Fields):
    """The market on longer bars, each value that of the last complete one."""

    __slots__ = ("_clock",)

    def __init__(self, clock: Operator) -> None:
        self._clock = clock

    def _field(self, name: str) -> Node:
        return apply(self._clock, field(name))

    def _function(self, operator: Operator) -> Callable[..., Node]:
        def call(*given: object, **named: object) -> Node:
            inner = {name: self._inside(value) for name, value in named.items()}
            return apply(self._clock, apply(operator, *map(self._inside, given), **inner))

        call.__doc__ = bound(operator).__doc__
        return call

    def _inside(self, value: object) -> object:
        return value.inputs[0] if isinstance(value, Node) and value.op == self._clock.name else value
