"""Strategies: the library's and the stored ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app.resolving import Resolved, find, from_library, from_store, library_names, resolve
from midas.app.run_options import asked_timeframe
from midas.app.workspace import Workspace
from midas.core.errors import AlreadyExists, Refused, StrategyInvalid
from midas.db import strategies as rows
from midas.db.strategies import StrategyVersion
from midas.wire.strategies import (
    BiasFinding,
    BiasReport,
    ParamInfo,
    PlanStep,
    Strategy,
    StrategyCheck,
    StrategyCheckRequest,
    StrategyCreate,
    StrategyPlan,
    StrategyUpdate,
)

if TYPE_CHECKING:
    from midas.factors.explain import Step
    from midas.strategies.definition import Definition
    from midas.strategies.param import ParamSpec

_MOST_CHECKED = 200
"""Instruments a strategy is tried on for bias; of more, evenly chosen ones."""


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
    if name in await to_thread.run_sync(library_names):
        return await to_thread.run_sync(_library_strategy, name)
    return await to_thread.run_sync(_stored, await find(workspace.database, name, version))


async def versions(workspace: Workspace, name: str) -> list[Strategy]:
    """Return every version of a stored strategy, latest first; the library's have one."""
    if name in await to_thread.run_sync(library_names):
        return [await to_thread.run_sync(_library_strategy, name)]
    await find(workspace.database, name, None)
    return [_stored(each) for each in await workspace.database.read(rows.versions, name)]


async def create(workspace: Workspace, request: StrategyCreate) -> Strategy:
    """Store a strategy under a new name.

    Raises
    ------
    AlreadyExists: the name is taken.
    StrategyInvalid: the text does not build.
    """
    _free_name(request.name)
    now = workspace.clock.now_utc()
    await to_thread.run_sync(_stored, StrategyVersion(request.name, 1, request.yaml, now))
    return _stored(await workspace.database.write(rows.create, request.name, request.yaml, now))


async def update(workspace: Workspace, name: str, request: StrategyUpdate) -> Strategy:
    """Store a new version of a strategy.

    Raises
    ------
    NotFound: no such stored strategy.
    AlreadyExists: someone saved a later version meanwhile.
    StrategyInvalid: the text does not build.
    """
    _no_library(name, "changed")
    now = workspace.clock.now_utc()
    await to_thread.run_sync(_stored, StrategyVersion(name, 1, request.yaml, now))
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
    """Build a strategy; what is wrong with it becomes a message. Where data are named it is tried on them for bias.

    Raises
    ------
    NotFound: the reference names nothing, or there are no such data.
    """
    try:
        found = await resolve(workspace.database, request.strategy, request.params)
        return await to_thread.run_sync(_checked, workspace, found.definition, request)
    except StrategyInvalid as error:
        return StrategyCheck(
            ok=False, name=request.strategy.name or "", warm_up=None, operators=[], fields=[], every=None, params=[],
            messages=[str(error), *error.findings],
        )  # fmt: skip


async def explain(workspace: Workspace, request: StrategyCheckRequest) -> StrategyPlan:
    """Return what is computed for a strategy, step by step.

    Raises
    ------
    NotFound: the reference names nothing.
    StrategyInvalid: it cannot be built.
    """
    found = await resolve(workspace.database, request.strategy, request.params)
    return await to_thread.run_sync(_explained, found.definition)


def _listed(stored: list[StrategyVersion]) -> list[Strategy]:
    listed = [_library_strategy(name) for name in library_names()] + [_stored(each) for each in stored]
    return sorted(listed, key=lambda strategy: strategy.name)


def _library_strategy(name: str) -> Strategy:
    from midas.strategies.template import template

    return _wire(from_library(name, {}), "library", template(name, name))


def _stored(version: StrategyVersion) -> Strategy:
    return _wire(from_store(version, {}), "stored", version.yaml)


def _wire(resolved: Resolved, source: str, yaml: str) -> Strategy:
    from midas.strategies.plans import plan_of

    definition = resolved.definition
    return Strategy(
        name=resolved.name,
        source=source,
        version=resolved.version or 1,
        summary=definition.doc.partition("\n")[0],
        doc=definition.doc,
        params=[_param(spec) for spec in definition.params_spec],
        every=definition.every.value,
        yaml=yaml,
        warm_up=plan_of(definition).warmup,
    )


def _checked(workspace: Workspace, definition: Definition, request: StrategyCheckRequest) -> StrategyCheck:
    from midas.strategies.plans import plan_of

    plan = plan_of(definition)
    bias = _biased(workspace, definition, request) if request.universe or request.symbols else None
    leaks = [] if bias is None else [each.sentence for each in bias.findings if each.verdict == "leak"]
    return StrategyCheck(
        ok=not leaks,
        name=definition.name,
        warm_up=plan.warmup,
        operators=_operators(definition),
        fields=sorted(plan.fields),
        every=definition.every.value,
        params=[_param(spec) for spec in definition.params_spec],
        messages=leaks,
        bias=bias,
    )


def _biased(workspace: Workspace, definition: Definition, request: StrategyCheckRequest) -> BiasReport:
    from midas.backtest.bias.check import check_strategy
    from midas.marketdata.universe import select

    chosen = select(workspace.lake, request.universe, request.symbols, asked_timeframe(request.timeframe))
    # A sample is enough to see a leak; the whole of a large market would keep the caller waiting for minutes.
    panel = chosen.panel.select(range(0, chosen.panel.columns, -(-chosen.panel.columns // _MOST_CHECKED)))
    found = check_strategy(definition, panel)
    selected = [BiasFinding(check="universe", verdict="warning", sentence=warning) for warning in chosen.warnings]
    findings = [*selected, *(BiasFinding.model_validate(each.to_json()) for each in found.findings)]
    verdict = found.verdict.value if found.verdict.value != "fine" or not selected else "warning"
    return BiasReport(verdict=verdict, findings=findings)


def _explained(definition: Definition) -> StrategyPlan:
    from midas.factors.explain import explain
    from midas.strategies.plans import plan_of
    from midas.strategies.schedule import rows_apart

    apart = rows_apart(definition.every)
    found = explain(plan_of(definition), apart)
    return StrategyPlan(
        name=definition.name,
        every=definition.every.value,
        rows_apart=apart,
        fields=sorted(found.fields),
        written=found.written,
        stages=found.stages,
        steps=[_step(step) for step in found.steps],
        warm_up=found.warmup,
        endless=found.endless,
        widened=[*found.widened],
        path=[
            *(f"{name} begins flat where the run begins" for name in found.begins),
            *(f"{type(policy).__name__} watches what was bought, at each bar" for policy in definition.exits),
        ],
        state_bytes=found.state_bytes,
        kept_bytes=found.kept_bytes,
        ns_per_bar=found.ns_per_bar,
    )


def _step(step: Step) -> PlanStep:
    given = asdict(step)
    return PlanStep.model_validate(given | {"warm_up": given.pop("warmup")})


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
    if name in library_names():
        raise AlreadyExists(
            f"{name!r} is a strategy of the library.", hint="Choose another name.", code="library_strategy"
        )


def _no_library(name: str, done: str) -> None:
    if name in library_names():
        raise Refused(
            f"{name!r} belongs to the library and cannot be {done}.",
            hint="Save your own under another name.",
            code="library_strategy",
        )
