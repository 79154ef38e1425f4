"""Strategies written as code that is asked at every bar: orders instead of targets, for replays and live runs only.

Nothing can be said of such code in advance: its warm-up is what it says, it cannot be swept, and is no graph. What a
graph can say is better said as one.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, dataclass_transform

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.strategies.code import Code, code_of
from midas.strategies.declaring import declarations, own_name, spec_of_param
from midas.strategies.definition import Definition
from midas.strategies.param import ParamSpec, ParamValue, plain, read_values
from midas.strategies.schedule import Every

Values = NDArray[np.float64]


class EventBar(Protocol):
    """The bars that closed at one moment: raw prices by field, one number per instrument, NaN for no bar."""

    @property
    def row(self) -> int: ...

    @property
    def stamp_utc(self) -> datetime: ...

    @property
    def session(self) -> date: ...

    @property
    def fields(self) -> Mapping[str, Values]: ...

    @property
    def close(self) -> Values: ...


class Context(Protocol):
    """What an `EventStrategy` may know and do; instruments are places in `symbols`.

    An order that makes no sense (no quantity above 0, no such place, a price that is none) is refused and listed with
    the reason; the run goes on.
    """

    @property
    def symbols(self) -> Sequence[str]: ...

    @property
    def cash(self) -> float:
        """Cash, in currency; 0 while it warms up."""
        ...

    @property
    def equity(self) -> float:
        """Cash and what is held at the close, in currency; 0 while it warms up."""
        ...

    def position(self, column: int = 0) -> float:
        """Return what is held, below 0 when short."""
        ...

    def buy(self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None) -> None:
        """Order at the next open, or with a price wait until it is there; a quantity is cut to whole lots.

        Prices go to the next tick: a limit's to the better one, a stop's to the later one.
        """
        ...

    def sell(
        self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None
    ) -> None: ...

    def cancel(self, column: int = 0) -> None:
        """Call off what waits for its price."""
        ...

    def close(self, column: int = 0) -> None:
        """Order that closes all that is held."""
        ...


@dataclass_transform(kw_only_default=True)
class _Declaring:
    # A type checker counts fields from the first subclass on.
    pass


class EventStrategy(_Declaring, ABC):
    """Subclass it and write `on_bar`; what it remembers between bars goes into `state`, which survives a restart.

    A subclass declares its parameters with `param`, as a `Strategy` does, and has them as attributes:
    `Crossing(fast=10)`. Each run works on a copy of the instance it is given.
    """

    name: ClassVar[str] = "event"
    """The class's name in snake case unless a subclass sets its own."""

    param_specs: ClassVar[Mapping[str, ParamSpec]] = {}

    warmup: ClassVar[int] = 0
    """Bars it is shown before its first orders count; a property may work it out from parameters."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = own_name(cls)
        cls.param_specs = {
            name: spec_of_param(cls, cls.name, name, declared, taken=name == "state" or hasattr(EventStrategy, name))
            for name, declared in declarations(cls).items()
        }

    def __init__(self, /, **values: object) -> None:
        given = {name: plain(value) for name, value in values.items()}
        found = declarations(type(self))
        for name, value in read_values(self.param_specs, given, self.name).items():
            setattr(self, name, found[name].member(value))
        self.state: dict[str, Any] = {}

    @property
    def params(self) -> dict[str, ParamValue]:
        """The value of every parameter, as plain JSON values."""
        return {name: plain(getattr(self, name)) for name in self.param_specs}

    @abstractmethod
    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        """Look at a bar and order."""

    def definition(self) -> Definition:
        """Return what a run is known by; its graph is silent, the code is what trades.

        Raises
        ------
        StrategyInvalid: its warm-up is no number of bars, or `__init__` left out the one of this class.
        """
        close = Market().close
        return Definition(
            name=self.name,
            params=self.params,
            params_spec=tuple(self.param_specs.values()),
            targets=close.where(close < 0),
            every=Every.BAR,
            source="class",
            doc=inspect.cleandoc(vars(type(self)).get("__doc__") or ""),
            code=self._code(),
        )

    def _code(self) -> Code:
        if not hasattr(self, "state"):
            raise StrategyInvalid(
                f"{type(self).__name__}.__init__ did not call the one it comes from.",
                hint="Begin it with super().__init__(), or declare parameters with param() instead.",
                code="bad_strategy",
            )
        warmup = self.warmup
        if isinstance(warmup, bool) or not isinstance(warmup, int) or warmup < 0:
            raise StrategyInvalid(
                f"The warmup of {self.name} cannot be {warmup!r}.", hint="It is a number of bars.", code="bad_warmup"
            )
        return code_of(type(self), EventStrategy, vars(self), warmup)
