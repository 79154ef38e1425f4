"""What a reference to a strategy means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.core.errors import NotFound, StrategyInvalid, did_you_mean
from midas.db import backtests, strategies
from midas.db.database import Database
from midas.db.strategies import StrategyVersion
from midas.wire.shape import Scalar
from midas.wire.strategies import StrategyRef

if TYPE_CHECKING:
    from midas.strategies.definition import Definition

_PINNED = re.compile(r"(?P<name>[^@]+)@(?P<version>[1-9][0-9]{0,8})")

Params = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A strategy ready to run and the name it is known by; `version` is that of a stored one."""

    definition: Definition
    name: str
    version: int | None = None


async def resolve(database: Database, ref: StrategyRef, params: Params) -> Resolved:
    """Return the strategy a reference means, with these parameters.

    Raises
    ------
    NotFound: no such strategy, version or backtest.
    StrategyInvalid: the text, the graph or a parameter is wrong.
    """
    if ref.name is not None:
        return await _by_name(database, ref.name, params)
    if ref.yaml is not None:
        return await to_thread.run_sync(_from_yaml, ref.yaml, params)
    _fixed(params)
    if ref.graph is not None:
        return await to_thread.run_sync(_from_graph, ref.graph)
    earlier = await database.read(backtests.show, str(ref.backtest))
    return replace(await to_thread.run_sync(_from_graph, earlier.definition), name=earlier.strategy)


async def _by_name(database: Database, name: str, params: Params) -> Resolved:
    pinned = _PINNED.fullmatch(name)
    plain, version = (pinned["name"], int(pinned["version"])) if pinned else (name, None)
    if plain in await to_thread.run_sync(library_names):
        if version not in (None, 1):
            raise NotFound(
                f"{plain!r} of the library has one version.", hint=f"Write {plain!r}.", code="unknown_version"
            )
        return await to_thread.run_sync(from_library, plain, params)
    stored = await find(database, plain, version)
    return await to_thread.run_sync(from_store, stored, params)


async def find(database: Database, name: str, version: int | None) -> StrategyVersion:
    """Return a stored version, the latest when None.

    Raises
    ------
    NotFound: no such strategy or version; the hint knows the library too.
    """
    try:
        return await database.read(strategies.show, name, version)
    except NotFound as error:
        if error.code != "unknown_strategy":
            raise
    known = [*library_names(), *(each.name for each in await database.read(strategies.latest))]
    raise NotFound(f"There is no strategy {name[:64]!r}.", hint=did_you_mean(name, known), code="unknown_strategy")


def from_library(name: str, params: Params) -> Resolved:
    """Build a strategy of the library."""
    from midas.strategies.registry import build

    return Resolved(build(name, params), name)


def _from_yaml(text: str, params: Params) -> Resolved:
    from midas.strategies.yaml_form import load_yaml

    definition = load_yaml(text, params)
    return Resolved(definition, definition.name)


def from_store(stored: StrategyVersion, params: Params) -> Resolved:
    """Build a stored strategy."""
    # it goes by the name it is stored under, whatever its text says
    definition = replace(_from_yaml(stored.yaml, params).definition, name=stored.name)
    return Resolved(definition, stored.name, stored.version)


def _from_graph(graph: Mapping[str, object]) -> Resolved:
    from midas.strategies.definition import Definition

    definition = Definition.from_graph_json(graph)
    return Resolved(definition, definition.name)


def _fixed(params: Params) -> None:
    if params:
        raise StrategyInvalid(
            "A graph carries its parameters; they cannot be changed any more.",
            hint="Build the graph again with other parameters, or refer to the strategy by name.",
            code="fixed_parameters",
        )


def library_names() -> list[str]:
    """Return the names of the strategies that come with Midas."""
    from midas.strategies.registry import names

    return names()
