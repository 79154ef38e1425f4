"""Strategies: the library's and the stored ones, and what a reference to one means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app.workspace import Workspace
from midas.core.errors import AlreadyExists, NotFound, Refused, StrategyInvalid, did_you_mean
from midas.db import backtests as backtest_rows
from midas.db import strategies as rows
from midas.db.database import Database
from midas.db.strategies import StrategyVersion
from midas.wire.shape import Scalar
from midas.wire.strategies import (
    ParamInfo,
    Strategy,
    StrategyCheck,
    StrategyCheckRequest,
    StrategyCreate,
    StrategyRef,
    StrategyUpdate,
)

if TYPE_CHECKING:
    from midas.strategies.definition import Definition
    from midas.strategies.param import ParamSpec

_PINNED = re.compile(r"(?P<name>[^@]+)@(?P<version>[1-9][0-9]{0,8})")

Params = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A strategy ready to run and the name it is known by; `version` is that of a stored one."""

    definition: Definition
    name: str
    version: int | None = None


async def every(workspace: Workspace) -> list[Strategy]:
    """Return the library's strategies and the latest version of each stored one, by name."""
    stored = await workspace.database.read(rows.latest)
    return await to_thread.run_sync(_listed, stored)


async def show(workspace: Workspace, name: str, version: int | None) -> Strategy:
    """Return a strategy; `version` None is the latest.

    Raises
    ------
    NotFound: no such strategy or version.
    """
    return await to_thread.run_sync(_show, workspace.database, name, version)


async def versions(workspace: Workspace, name: str) -> list[Strategy]:
    """Return every version of a stored strategy, latest first; the library's have one."""
    return await to_thread.run_sync(_versions, workspace.database, name)


async def create(workspace: Workspace, request: StrategyCreate) -> Strategy:
    """Store a strategy under a new name.

    Raises
    ------
    AlreadyExists: the name is taken.
    StrategyInvalid: the text does not build.
    """
    _free_name(request.name)
    await to_thread.run_sync(_built, request.name, request.yaml)
    stored = await workspace.database.write(rows.create, request.name, request.yaml, workspace.clock.now_utc())
    return _stored(stored)


async def update(workspace: Workspace, name: str, request: StrategyUpdate) -> Strategy:
    """Store a new version of a strategy.

    Raises
    ------
    NotFound: no such stored strategy.
    AlreadyExists: someone saved a later version meanwhile.
    StrategyInvalid: the text does not build.
    """
    _no_library(name, "changed")
    await to_thread.run_sync(_built, name, request.yaml)
    now = workspace.clock.now_utc()
    return _stored(await workspace.database.write(rows.revise, name, request.yaml, request.version, now))


async def delete(workspace: Workspace, name: str) -> None:
    """Forget a stored strategy with all its versions; results made with it stay.

    Raises
    ------
    NotFound: no such stored strategy.
    """
    _no_library(name, "deleted")
    await workspace.database.write(rows.remove, name)


async def check(workspace: Workspace, request: StrategyCheckRequest) -> StrategyCheck:
    """Build a strategy without running it; what is wrong with it becomes a message.

    Raises
    ------
    NotFound: the reference names nothing.
    """
    return await to_thread.run_sync(_check, workspace.database, request)


def resolve(database: Database, ref: StrategyRef, params: Params) -> Resolved:
    """Return the strategy a reference means, with these parameters. Called from a thread that may wait.

    Raises
    ------
    NotFound: no such strategy, version or backtest.
    StrategyInvalid: the text, the graph or a parameter is wrong.
    """
    from midas.strategies.definition import Definition
    from midas.strategies.yaml_form import load_yaml

    if ref.name is not None:
        return _by_name(database, ref.name, params)
    if ref.yaml is not None:
        definition = load_yaml(ref.yaml, params)
        return Resolved(definition, definition.name)
    _fixed(params)
    if ref.graph is not None:
        definition = Definition.from_graph_json(ref.graph)
        return Resolved(definition, definition.name)
    earlier = database.read_now(backtest_rows.show, str(ref.backtest))
    return Resolved(Definition.from_graph_json(earlier.definition), earlier.strategy)


def _by_name(database: Database, name: str, params: Params) -> Resolved:
    from midas.strategies.registry import build
    from midas.strategies.yaml_form import load_yaml

    pinned = _PINNED.fullmatch(name)
    plain, version = (pinned["name"], int(pinned["version"])) if pinned else (name, None)
    if plain in _library_names():
        if version not in (None, 1):
            raise NotFound(
                f"{plain!r} of the library has one version.", hint=f"Write {plain!r}.", code="unknown_version"
            )
        return Resolved(build(plain, params), plain)
    stored = _find(database, plain, version)
    return Resolved(replace(load_yaml(stored.yaml, params), name=plain), plain, stored.version)


def _find(database: Database, name: str, version: int | None) -> StrategyVersion:
    try:
        return database.read_now(rows.show, name, version)
    except NotFound as error:
        if error.code != "unknown_strategy":
            raise
        known = [*_library_names(), *(each.name for each in database.read_now(rows.latest))]
        raise NotFound(
            f"There is no strategy {name[:64]!r}.", hint=did_you_mean(name, known), code="unknown_strategy"
        ) from None


def _fixed(params: Params) -> None:
    if params:
        raise StrategyInvalid(
            "A graph carries its parameters; they cannot be changed any more.",
            hint="Build the graph again with other parameters, or refer to the strategy by name.",
            code="fixed_parameters",
        )


def _show(database: Database, name: str, version: int | None) -> Strategy:
    if name in _library_names():
        return _from_library(name)
    return _stored(_find(database, name, version))


def _versions(database: Database, name: str) -> list[Strategy]:
    if name in _library_names():
        return [_from_library(name)]
    _find(database, name, None)
    return [_stored(each) for each in database.read_now(rows.versions, name)]


def _listed(stored: list[StrategyVersion]) -> list[Strategy]:
    listed = [_from_library(name) for name in _library_names()] + [_stored(each) for each in stored]
    return sorted(listed, key=lambda strategy: strategy.name)


def _library_names() -> list[str]:
    from midas.strategies.registry import library

    return [info.name for info in library()]


def _from_library(name: str) -> Strategy:
    from midas.strategies.registry import build

    return _wire(Resolved(build(name), name), None)


def _stored(version: StrategyVersion) -> Strategy:
    return _wire(Resolved(_built(version.name, version.yaml), version.name, version.version), version.yaml)


def _built(name: str, yaml: str) -> Definition:
    from midas.strategies.yaml_form import load_yaml

    return replace(load_yaml(yaml), name=name)


def _wire(resolved: Resolved, yaml: str | None) -> Strategy:
    from midas.factors.plan import compile_plan

    definition = resolved.definition
    return Strategy(
        name=resolved.name,
        source="library" if yaml is None else "stored",
        version=resolved.version or 1,
        summary=definition.doc.partition("\n")[0],
        doc=definition.doc,
        params=[_param(spec) for spec in definition.params_spec],
        every=definition.every.value,
        yaml=yaml,
        warm_up=compile_plan(definition.targets).warmup,
    )


def _check(database: Database, request: StrategyCheckRequest) -> StrategyCheck:
    from midas.factors.plan import compile_plan

    try:
        definition = resolve(database, request.strategy, request.params).definition
        definition.require_runnable()
        plan = compile_plan(definition.targets)
    except StrategyInvalid as error:
        return StrategyCheck(
            ok=False, name=request.strategy.name or "", warm_up=None, operators=[], fields=[], every=None, params=[],
            messages=[str(error), *error.findings],
        )  # fmt: skip
    return StrategyCheck(
        ok=True,
        name=definition.name,
        warm_up=plan.warmup,
        operators=_operators(definition),
        fields=sorted(plan.fields),
        every=definition.every.value,
        params=[_param(spec) for spec in definition.params_spec],
        messages=[],
    )


def _operators(definition: Definition) -> list[str]:
    from midas.factors.operator import Kind

    waiting, seen = [definition.targets], set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(node.inputs)
    return sorted({node.op for node in seen if node.operator.kind not in (Kind.FIELD, Kind.CONSTANT)})


def _param(spec: ParamSpec) -> ParamInfo:
    return ParamInfo(
        name=spec.name,
        kind=spec.type,
        default=spec.default,
        low=spec.low,
        high=spec.high,
        choices=[*spec.choices],
        summary=spec.doc,
    )


def _free_name(name: str) -> None:
    from midas.strategies.definition import check_name

    check_name(name)
    if name in _library_names():
        raise AlreadyExists(
            f"{name!r} is a strategy of the library.", hint="Choose another name.", code="strategy_exists"
        )


def _no_library(name: str, done: str) -> None:
    if name in _library_names():
        raise Refused(
            f"{name!r} belongs to the library and cannot be {done}.",
            hint="Save your own under another name.",
            code="library_strategy",
        )
