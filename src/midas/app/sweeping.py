"""Doing a sweep: from a question to an order of work, and from there to stored trials."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from midas.app.eta import with_eta
from midas.app.home import Home
from midas.app.parts import Parts, read_note, read_parts
from midas.app.resolving import find, library_names
from midas.app.run_options import asked_timeframe, rates_for, terms_of
from midas.app.running import saving
from midas.app.seats import Report
from midas.app.walking import require_room, walked
from midas.app.workspace import Workspace, lake_of
from midas.core.clock import SystemClock
from midas.core.errors import InvalidInput
from midas.wire.sweeps import SweepRequest

if TYPE_CHECKING:
    from midas.backtest.run import Progress
    from midas.backtest.spec import BacktestSpec
    from midas.backtest.subject import Subject
    from midas.backtest.sweep import Sweep
    from midas.backtest.sweep_plan import SweepPlan
    from midas.backtest.trials import Trials
    from midas.execution.exchange import Rates
    from midas.marketdata.lake import Lake
    from midas.marketdata.panel import Panel
    from midas.strategies.definition import Definition

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class SweepOrder:
    """A question whose strategy is resolved; picklable. `identity` names the answer."""

    subject: Subject
    request: SweepRequest
    identity: str


@dataclass(frozen=True, slots=True)
class SweepMade:
    """What a sweep left, apart from its trials, in plain values."""

    start: date | None
    end: date | None
    symbols: list[str]
    axes: Json
    trials: int
    skipped: int
    skipped_because: str
    best: Json | None
    summary: Json
    flatness: float | None
    heat: Json | None
    warnings: list[str]
    settings: Json
    evidence: Json | None
    pbo: float | None
    sharpes: list[float]
    hypothesis: str
    walked: Json | None = None


@dataclass(frozen=True, slots=True)
class _Ready:
    # everything a sweep needs, at hand
    plan: SweepPlan
    base: BacktestSpec
    panel: Panel
    rates: Rates | None
    notes: tuple[str, ...]


async def subject(workspace: Workspace, request: SweepRequest) -> Subject:
    """Return the strategy whose parameters are varied.

    Raises
    ------
    NotFound: there is none of that name.
    InvalidInput: its parameters are built into it, or a fixed one is wrong.
    """
    from midas.backtest.subject import class_subject, yaml_subject
    from midas.strategies.registry import find as find_class

    ref = request.strategy
    if ref.yaml is not None:
        return yaml_subject(ref.yaml, request.params)
    if ref.name is None:
        raise InvalidInput(
            "A graph carries its parameters; they cannot be varied.",
            hint="Refer to the strategy by its name, or send its YAML.",
            code="fixed_parameters",
        )
    name, _, version = ref.name.partition("@")
    if name in library_names():
        return class_subject(find_class(name), request.params)
    stored = await find(workspace.database, name, int(version) if version.isdigit() else None)
    return yaml_subject(stored.yaml, request.params, stored.name)


def order(workspace: Workspace, request: SweepRequest, found: Subject) -> SweepOrder:
    """Give a question its identity. Called from a thread that may wait; nothing runs yet.

    Raises
    ------
    NotFound: an unknown universe or symbol.
    InvalidInput: the question makes no sense.
    """
    from midas.backtest.identity import identity
    from midas.venues.catalogue import venue

    ready = _ready(workspace.lake, found, request)
    panel = ready.panel
    panel.row_range(ready.base.start, ready.base.end)
    tables = venue(panel.venue, panel.currency).table_version
    quoted = "" if ready.rates is None else ready.rates.version
    asked: Json = {
        "run": identity(ready.base, panel.version, tables, rates_version=quoted),
        "plan": ready.plan.to_json(),
    }
    if request.walk_forward is not None:
        require_room(ready.base, panel, request)
        asked["walk_forward"] = [request.walk_forward, request.folds]
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return SweepOrder(found, request, hashlib.sha256(text.encode()).hexdigest())


def perform(home: Path, work: SweepOrder, report: Report) -> SweepMade:
    """Do an order and store its trials; called where jobs are done.

    Raises
    ------
    MidasError: it cannot be done or stored.
    """
    from midas.backtest.sweep import sweep_spec

    clock = SystemClock()
    ready = _ready(lake_of(home, clock), work.subject, work.request)
    folder = Home(home).sweep(work.identity)
    parts = Parts(folder, clock)
    # each training is a sweep as well, of about the same length
    share = 1.0 if work.request.walk_forward is None else 1.0 / (1 + work.request.folds)
    told = with_eta(report, clock)
    watch = _Watch(told, parts, ready, share)
    try:
        found = sweep_spec(
            ready.plan, ready.base, ready.panel, rates=ready.rates, progress=watch.progress, keep=watch.keep,
            tell=watch.tell,
        )  # fmt: skip
    finally:
        parts.flush()
    with saving(folder):
        parts.finish(found.trials.frame(ready.plan.metric))
    return _walked(
        _made(found, ready), ready, work.request, lambda done, step: told(share + done * (1.0 - share), step)
    )


class _Watch:
    # What a sweep tells while it is done: how far it is, what it is about to try, what it has finished.
    def __init__(self, report: Report, parts: Parts, ready: _Ready, share: float) -> None:
        self._report, self._parts, self._ready, self._share = report, parts, ready, share
        self._far, self._noted = 0.0, False

    def progress(self, done: float, step: str) -> None:
        self._far = done * self._share
        self._report(self._far, step)

    def tell(self, definition: Definition, base: BacktestSpec, configurations: Sequence[str]) -> None:
        from midas.backtest.hypothesis import hypothesis_of, universe_family

        if not self._noted:
            self._noted = True
            self._parts.note(str(base.start))
        idea = hypothesis_of(definition, universe_family(self._ready.panel))
        self._report(self._far, f"{len(configurations):,} trials begun", {idea: configurations})

    def keep(self, block: Trials) -> None:
        self._parts.add(block.frame(self._ready.plan.metric))


def rescue(home: Path, work: SweepOrder) -> SweepMade | None:
    """Make what was finished of a stopped sweep into one; None where nothing was."""
    from midas.backtest.sweep import concluded
    from midas.backtest.trials import trials_of

    folder = Home(home).sweep(work.identity)
    rows, begun = read_parts(folder), read_note(folder)
    if rows is None or not rows.height or begun is None:
        return None
    clock = SystemClock()
    ready = _ready(lake_of(home, clock), work.subject, work.request)
    base = replace(ready.base, start=date.fromisoformat(begun))
    trials = trials_of(rows, ready.plan.axes, work.request.metric)
    with saving(folder):
        Parts(folder, clock).finish(rows)
    return _made(concluded(ready.plan, base, ready.panel, trials, ready.rates), ready)


def _ready(lake: Lake, found: Subject, request: SweepRequest) -> _Ready:
    from midas.backtest.sweep import base_spec
    from midas.backtest.sweep_plan import plan_sweep
    from midas.marketdata.universe import select

    plan = plan_sweep(
        found,
        request.grid,
        sampler=request.sampler,
        trials=request.trials,
        metric=request.metric,
        seed=request.seed,
    )
    chosen = select(lake, request.universe, request.symbols, asked_timeframe(request.timeframe))
    base = base_spec(
        plan,
        chosen.panel,
        **terms_of(request),
        universe=chosen.label,
    )
    base.terms(chosen.panel.currency)
    return _Ready(plan, base, chosen.panel, rates_for(lake, chosen.panel, base), chosen.warnings)


def _walked(made: SweepMade, ready: _Ready, request: SweepRequest, report: Progress) -> SweepMade:
    try:
        return replace(made, walked=walked(ready.plan, ready.base, ready.panel, request, ready.rates, report))
    except InvalidInput as refusal:
        # the sweep itself stands
        return replace(made, warnings=[*made.warnings, f"There is no walk-forward: {refusal.message}"])


def _made(found: Sweep, ready: _Ready) -> SweepMade:
    from midas.backtest.evidence import evidence_of
    from midas.backtest.hypothesis import hypothesis_of, universe_family
    from midas.backtest.sweep_luck import overfitting
    from midas.portfolio.measures.sample import simple_returns

    result, heat = found.result, found.heat_map()
    definition = found.plan.subject.definition(found.trials.params(0))
    evidence = None
    if result is not None:
        year = float(result.settings["periods_per_year"] or 0.0)
        evidence = evidence_of(simple_returns(result.equity), year).to_json()
    sharpes = found.trials.column("sharpe")
    return SweepMade(
        start=None if result is None else result.sessions[0].item(),
        end=None if result is None else result.sessions[-1].item(),
        symbols=[*ready.base.symbols],
        axes={axis.name: list(axis.values) for axis in found.plan.axes},
        trials=len(found.trials),
        skipped=found.skipped,
        skipped_because=found.skipped_because,
        best=None if result is None else {"params": found.best_params, "score": found.best_score},
        summary={} if result is None else dict(result.summary),
        flatness=found.flatness,
        heat=None if heat is None else heat.to_json(),
        warnings=[*ready.notes, *_period(found, ready), *(() if result is None else result.warnings)],
        settings={} if result is None else dict(result.settings),
        evidence=evidence,
        pbo=overfitting(found, ready.panel, ready.rates),
        sharpes=sharpes[sharpes == sharpes].tolist(),
        hypothesis=hypothesis_of(definition, universe_family(ready.panel)),
    )


def _period(found: Sweep, ready: _Ready) -> list[str]:
    told = []
    panel = ready.panel
    first, stop = panel.row_range(found.base.start, found.base.end)
    if first > panel.row_range(ready.base.start, ready.base.end)[0]:
        told.append(
            f"All trials are compared from {panel.sessions[first]} to {panel.sessions[stop - 1]}: they begin together, "
            "when the longest history that any of them needs is behind."
        )
    if found.late:
        told.append(
            f"{found.late:,} combinations were left out: they need so much history that the others would have lost "
            "more than half of their sessions. Begin later, use more data, or shorter lookbacks."
        )
    return told
