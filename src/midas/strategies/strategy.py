"""The class form of a strategy."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import ClassVar, NoReturn, dataclass_transform

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.declaring import annotated_as, bad_declaration, declarations, own_name, spec_of_param
from midas.strategies.definition import Definition, require_distinct
from midas.strategies.exits import Exit
from midas.strategies.param import Declared, ParamSpec, ParamValue, param, plain, read_values
from midas.strategies.schedule import Every


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Declaring:
    # A type checker counts fields from the first subclass on; so `every` is one.
    pass


class Strategy(_Declaring):
    """An immutable set of parameters that builds a graph of target weights.

    A subclass declares its parameters with `param` and says in `targets` what to hold. `every` says when it speaks and
    is a parameter of every strategy; `exits` are policies that close a position in between. The docstring is what
    people read about it. An instance is made with the parameters that differ: `Momentum(lookback=60)`.
    """

    name: ClassVar[str]
    """The class's name in snake case unless a subclass sets its own."""

    param_specs: ClassVar[Mapping[str, ParamSpec]] = {}
    exits: ClassVar[tuple[Exit, ...]] = ()
    every: Every = param(Every.CHANGE, doc="When it speaks; in between positions are held.")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = own_name(cls)
        cls.param_specs = {
            name: spec_of_param(cls, cls.name, name, declaration, taken=name != "every" and hasattr(Strategy, name))
            for name, declaration in _declarations(cls).items()
        }
        _check_exits(cls)

    def __init__(self, /, **values: object) -> None:
        given = {name: plain(value) for name, value in values.items()}
        read = read_values(self.param_specs, given, self.name)
        declarations = _declarations(type(self))
        for name, value in read.items():
            object.__setattr__(self, name, declarations[name].member(value))
        self.check()

    @property
    def params(self) -> dict[str, ParamValue]:
        """The value of every parameter, `every` included, as plain JSON values."""
        return {name: plain(getattr(self, name)) for name in self.param_specs}

    def check(self) -> None:
        """Refuse parameters that are right one by one but not together; a subclass may say which."""

    def require_below(self, low: str, high: str, example: str) -> None:
        """Refuse a parameter that is not below another; for `check`.

        Raises
        ------
        StrategyInvalid: it is not.
        """
        below, above = getattr(self, low), getattr(self, high)
        if below >= above:
            raise StrategyInvalid(
                f"Parameter '{low}' of {self.name} is {below:g} and '{high}' is {above:g}: {low} must be below {high}.",
                hint=f"Set both, e.g. {example}.",
                code="bad_parameter",
            )

    def targets(self, m: Market) -> Node:  # noqa: ARG002  # the name subclasses use
        """Return the weight of each instrument: 0.1 is a tenth of the equity, a row of NaN is silence."""
        raise StrategyInvalid(
            f"Strategy {self.name!r} does not say what to hold.", hint="Define targets(self, m).", code="no_targets"
        )

    def definition(self) -> Definition:
        """Return the strategy as a graph.

        Raises
        ------
        StrategyInvalid: the graph cannot be built.
        """
        targets = self.targets(Market())
        if not isinstance(targets, Node):
            raise StrategyInvalid(
                f"targets of {self.name!r} returned {type(targets).__name__}, not a node of the graph.",
                hint="Return an expression over the market's fields, e.g. m.close.top(10).normalise().",
                code="no_targets",
            )
        return Definition(
            name=self.name,
            params=self.params,
            params_spec=tuple(self.param_specs.values()),
            targets=targets,
            every=self.every,
            exits=tuple(self.exits),
            source="class",
            doc=inspect.cleandoc(vars(type(self)).get("__doc__") or ""),
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"A strategy never changes; make another: {type(self).__name__}({name}=...).")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError("A strategy never changes.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Strategy):
            return NotImplemented
        return type(self) is type(other) and self.params == other.params

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.params.items())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"


def _declarations(cls: type) -> dict[str, Declared]:
    # `every`, which all have, is told last
    found = declarations(cls)
    for ancestor in reversed(cls.__mro__):
        for name, annotation in annotated_as(ancestor).items():
            if name not in found and "ClassVar" not in annotation:
                raise bad_declaration(
                    f"{ancestor.__name__}.{name} looks like a parameter but is not declared as one.",
                    f"Write {name}: {annotation} = param(default, low, high), or annotate it ClassVar.",
                )
    return {name: found[name] for name in sorted(found, key="every".__eq__)}


def _check_exits(cls: type[Strategy]) -> None:
    if not isinstance(cls.exits, tuple) or not all(isinstance(policy, Exit) for policy in cls.exits):
        raise StrategyInvalid(
            f"The exits of {cls.name} are not a tuple of exits.",
            hint="Write exits = (StopLoss(0.15),).",
            code="bad_exit",
        )
    require_distinct(cls.exits)
