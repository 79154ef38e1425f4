"""A strategy ready to run: its graph, when it speaks, and what closes a position."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, cast

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.factors import graph_json
from midas.factors.node import Node
from midas.strategies.code import Code
from midas.strategies.exits import Exit, exit_from_json, exit_to_json
from midas.strategies.param import ParamSpec, ParamValue, named, shortest, type_of
from midas.strategies.schedule import Every, read_every

Source = Literal["library", "yaml", "graph", "class"]

FORMAT = 1
"""Version of the graph JSON; one that is not understood is refused, never guessed at."""

MAX_PARAMS = 64
MAX_EXITS = 8

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_PARAM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MIX, _CODE = "mix", "code"
_KEYS = ("format", "name", "params", "targets", "every", "exits")


@dataclass(frozen=True, slots=True)
class MixPart:
    """What one strategy of a mix adds to its targets, its share included, and on which rows it is heard."""

    name: str
    share: float
    every: Every
    targets: Node


@dataclass(frozen=True, slots=True)
class Definition:
    """What every way of writing a strategy comes to; equal graph JSON means the same strategy.

    `params` holds the values the graph was built with, `every` among them, and `params_spec` what they may be; `doc`
    and `source` say where it comes from; `mix` are the strategies whose targets sum to these. `code` is what trades
    where the strategy is code: its targets are silent then. Only name, params, targets, every, exits, the mix and the
    code are part of its identity.
    """

    name: str
    params: Mapping[str, ParamValue]
    params_spec: tuple[ParamSpec, ...]
    targets: Node
    every: Every
    exits: tuple[Exit, ...] = ()
    source: Source = "graph"
    doc: str = ""
    mix: tuple[MixPart, ...] = ()
    code: Code | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        # `every` may be changed like any parameter, so it is told among them.
        object.__setattr__(self, "params", MappingProxyType({**self.params, "every": self.every.value}))
        if not any(spec.name == "every" for spec in self.params_spec):
            object.__setattr__(self, "params_spec", (*self.params_spec, every_spec(self.every)))

    def graph_json(self) -> dict[str, object]:
        """Return the canonical graph: plain JSON values, the same for the same strategy however it was written.

        In the place of its targets, one that is code has what its code is known by.
        """
        mixed = {"mix": [_part_to_json(part) for part in self.mix]} if self.mix else {}
        trades = {"targets": graph_json.to_json(self.targets)} if self.code is None else {_CODE: self.code.to_json()}
        return (
            mixed
            | trades
            | {
                "format": FORMAT,
                "name": self.name,
                "params": {name: shortest(self.params[name]) for name in sorted(self.params) if name != "every"},
                "every": self.every.value,
                "exits": [exit_to_json(policy) for policy in self.exits],
            }
        )

    def canonical(self) -> str:
        """Return the canonical graph as text, the same bytes in every process."""
        return json.dumps(self.graph_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_graph_json(cls, value: object) -> Definition:
        """Read a canonical graph.

        Raises
        ------
        StrategyInvalid: not a graph, or one this version does not understand.
        """
        graph = _graph(value)
        params = _params(graph["params"])
        exits = graph["exits"]
        if not isinstance(exits, Sequence) or isinstance(exits, str):
            raise _bad_graph("its exits are not a list")
        return cls(
            name=check_name(graph["name"]),
            params=params,
            params_spec=tuple(_spec(name, value) for name, value in params.items()),
            targets=graph_json.from_json(graph["targets"]),
            every=read_every(graph["every"]),
            exits=read_exits(exits),
            mix=_parts(graph.get("mix", ())),
        )

    def __hash__(self) -> int:
        return hash(self.canonical())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Definition):
            return NotImplemented
        return self.canonical() == other.canonical()

    def __reduce__(self) -> tuple[object, ...]:
        # A read-only view of a dict does not pickle.
        values = (self.name, dict(self.params), self.params_spec, self.targets, self.every, self.exits)
        return Definition, (*values, self.source, self.doc, self.mix, self.code)


def check_name(name: object) -> str:
    """Return `name` if a strategy may have it.

    Raises
    ------
    StrategyInvalid: anything that would not do in a file name, an address and a shell.
    """
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise StrategyInvalid(
        f"{str(name)[:64]!r} cannot be a strategy's name.",
        hint="Use 1 to 64 of a-z, 0-9, '_' and '-', beginning with a letter.",
        code="bad_name",
    )


def check_param_name(name: object) -> bool:
    """Tell whether a parameter may have this name: a short word of letters, digits and '_'."""
    return isinstance(name, str) and bool(_PARAM_NAME.fullmatch(name)) and not keyword.iskeyword(name)


def every_spec(default: Every) -> ParamSpec:
    """Return the parameter every strategy has."""
    doc = "When it speaks; in between positions are held."
    return ParamSpec("every", "str", default.value, choices=tuple(every.value for every in Every), doc=doc)


def read_exits(values: Sequence[object]) -> tuple[Exit, ...]:
    """Read exits from their JSON, each kind at most once, in the order given.

    Raises
    ------
    StrategyInvalid: not exits, or one kind twice.
    """
    if len(values) > MAX_EXITS:
        raise StrategyInvalid(f"There are more than {MAX_EXITS} exits.", hint="One of a kind is enough.")
    exits = tuple(exit_from_json(value) for value in values)
    require_distinct(exits)
    return exits


def require_distinct(exits: Sequence[Exit]) -> None:
    """Refuse two exits of one kind.

    Raises
    ------
    StrategyInvalid: which of the two would act is not for the reader to guess.
    """
    keys = [policy.key for policy in exits]
    for key in keys:
        if keys.count(key) > 1:
            raise StrategyInvalid(f"Exit {key!r} is given twice.", hint="Keep the tighter one.", code="bad_exit")


def _graph(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _bad_graph("it is not an object")
    graph = cast(Mapping[str, object], value)
    if _CODE in graph:
        raise is_code(str(graph.get("name", ""))[:64])
    for key in graph:
        if key not in (*_KEYS, _MIX):
            raise _bad_graph(f"it has an unknown key {key[:64]!r}", did_you_mean(key, (*_KEYS, _MIX)))
    missing = [key for key in _KEYS if key not in graph]
    if missing:
        raise _bad_graph(f"it lacks {', '.join(missing)}")
    if graph["format"] != FORMAT or isinstance(graph["format"], bool):
        raise _bad_graph(f"its format is not {FORMAT}", "It was written by another version of Midas.")
    return graph


def _part_to_json(part: MixPart) -> dict[str, object]:
    return {
        "name": part.name,
        "share": shortest(part.share),
        "every": part.every.value,
        "targets": graph_json.to_json(part.targets),
    }


def _parts(value: object) -> tuple[MixPart, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _bad_graph("its mix is not a list")
    return tuple(_part(one) for one in value)


def _part(value: object) -> MixPart:
    if not isinstance(value, Mapping) or set(value) != {"name", "share", "every", "targets"}:
        raise _bad_graph("a part of its mix is not a name, a share, a schedule and targets")
    share = value["share"]
    if isinstance(share, bool) or not isinstance(share, int | float):
        raise _bad_graph("a share of its mix is not a number")
    targets = graph_json.from_json(value["targets"])
    return MixPart(check_name(value["name"]), float(share), read_every(value["every"]), targets)


def _spec(name: str, value: ParamValue) -> ParamSpec:
    # A graph is built already: what its parameters were allowed to be is not known any more.
    choices = (value,) if isinstance(value, str) else ()
    return named(ParamSpec(name, type_of(value), value, choices=choices), name, "this graph")


def _params(value: object) -> dict[str, ParamValue]:
    if not isinstance(value, Mapping) or len(value) > MAX_PARAMS:
        raise _bad_graph(f"its params are not an object of at most {MAX_PARAMS}")
    params: dict[str, ParamValue] = {}
    for name, given in value.items():
        if not check_param_name(name) or name == "every":
            raise _bad_graph(f"{str(name)[:64]!r} cannot be a parameter's name")
        if not isinstance(given, bool | int | float | str) or len(str(given)) > 64:
            raise _bad_graph(f"parameter {name!r} is not a number, a truth value or a short text")
        params[name] = given
    return params


def is_code(name: str) -> StrategyInvalid:
    """Return the error of a strategy that is code where only a graph will do."""
    return StrategyInvalid(
        f"Strategy {name!r} is code that is asked at every bar (an EventStrategy), and only a graph will do here: code "
        "runs in the Python process that has it, never in a server, and nothing of it can be told in advance.",
        hint="Backtest it there: midas.open().backtests.run(YourStrategy(), ...); or write it as a graph or as YAML.",
        code="code_strategy",
    )


def _bad_graph(fault: str, hint: str = "") -> StrategyInvalid:
    return StrategyInvalid(
        f"This is not a strategy graph: {fault}.", hint=hint or "Send what `graph_json()` returns.", code="bad_graph"
    )
