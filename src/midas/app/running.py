"""Running a backtest: from a question to an order of work, and from there to stored series."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from midas.app.home import Home
from midas.app.resolving import Resolved
from midas.app.run_options import asked_timeframe, rates_for, terms_of
from midas.app.seats import Report
from midas.app.workspace import Workspace, lake_of
from midas.core.clock import SystemClock
from midas.marketdata.files import writing
from midas.marketdata.lock import exclusive
from midas.wire.backtests import BacktestRequest

if TYPE_CHECKING:
    from midas.backtest.result import Result
    from midas.backtest.spec import BacktestSpec
    from midas.execution.exchange import Rates
    from midas.marketdata.lake import Lake
    from midas.marketdata.panel import Panel
    from midas.strategies.definition import Definition

_SAVE_WAIT_S = 60.0

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Order:
    """A question whose strategy is resolved; picklable. `identity` names the answer.

    `hypothesis` is the idea and `configuration` the try at it that the trial ledger knows it by.
    """

    definition: Definition
    name: str
    version: int | None
    request: BacktestRequest
    identity: str
    hypothesis: str
    configuration: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a run left, apart from its series, in plain values.

    `symbols` are the ids of instruments that were named one by one, empty for a whole universe.
    """

    identity: str
    definition: Json
    params: Json
    symbols: list[str]
    start: date
    end: date
    summary: Json
    costs: Json
    warnings: list[str]
    rejects: dict[str, int]
    settings: Json
    evidence: Json


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything a run needs, at hand."""

    spec: BacktestSpec
    panel: Panel
    benchmark_panel: Panel | None
    rates: Rates | None
    notes: tuple[str, ...]


def order(workspace: Workspace, request: BacktestRequest, found: Resolved) -> Order:
    """Give a question its identity. Called from a thread that may wait; nothing runs yet.

    Raises
    ------
    NotFound: an unknown universe, symbol or benchmark.
    InvalidInput: the question makes no sense.
    """
    from midas.backtest.hypothesis import configuration_of, hypothesis_of, universe_family
    from midas.backtest.identity import identity
    from midas.backtest.window import window
    from midas.strategies.plans import plan_of
    from midas.venues.catalogue import venue

    asked = ready(workspace.lake, found.definition, request)
    spec, panel, other = asked.spec, asked.panel, asked.benchmark_panel
    spec.terms(panel.currency)
    rows = window(plan_of(spec.definition), panel, spec.start, spec.end)
    if asked.rates is not None:
        asked.rates.at(panel.sessions[rows.first : rows.stop])
    tables = venue(panel.venue, panel.currency).table_version
    named = identity(
        spec, panel.version, tables,
        benchmark_version="" if other is None else other.version,
        rates_version="" if asked.rates is None else asked.rates.version,
    )  # fmt: skip
    idea = hypothesis_of(spec.definition, universe_family(panel))
    tried = configuration_of(spec.definition, spec.symbols, spec.start, spec.end, spec.dealing)
    return Order(found.definition, found.name, found.version, request, named, idea, tried)


def perform(home: Path, work: Order, report: Report) -> Made:
    """Run an order and store its series; called where jobs are done.

    Raises
    ------
    MidasError: it cannot be run or stored; nothing was.
    """
    from midas.backtest.run import run_spec

    asked = ready(lake_of(home, SystemClock()), work.definition, work.request)
    result = run_spec(
        asked.spec, asked.panel, benchmark_panel=asked.benchmark_panel, rates=asked.rates, notes=asked.notes,
        progress=report,
    )  # fmt: skip
    return kept(result, home, work)


def kept(result: Result, home: Path, work: Order) -> Made:
    """Store the series of a result and return the rest of it.

    Raises
    ------
    MidasError: it cannot be stored; nothing was.
    """
    from midas.backtest.artifact import save

    folder = Home(home).result(result.identity)
    with writing("The result", folder.parent), saving(folder):
        save(result, folder)
    return _made(result, work)


def saving(folder: Path) -> AbstractContextManager[None]:
    """Hold what must be held to replace a result: the same question may be answered in two processes at once.

    Raises
    ------
    Busy: another process held it too long.
    """
    return exclusive(folder.parent / ".lock", f"the result {folder.name}", _SAVE_WAIT_S)


def ready(lake: Lake, definition: Definition, request: BacktestRequest) -> Ready:
    """Find what a question names.

    Raises
    ------
    NotFound: an unknown universe, symbol or benchmark.
    InvalidInput: the question makes no sense.
    """
    from midas.backtest.spec import spec_of
    from midas.marketdata.universe import select

    chosen = select(lake, request.universe, request.symbols, asked_timeframe(request.timeframe))
    benchmark, benchmark_panel = _benchmark(lake, chosen.panel, request.benchmark)
    spec = spec_of(definition, chosen.panel, **terms_of(request), benchmark=benchmark, universe=chosen.label)
    return Ready(spec, chosen.panel, benchmark_panel, rates_for(lake, chosen.panel, spec), chosen.warnings)


def _benchmark(lake: Lake, panel: Panel, benchmark: str | None) -> tuple[str | None, Panel | None]:
    # By its id, so that one question has one identity however it was spelt; with its panel when it is another one.
    from midas.marketdata.universe import select

    if benchmark is None:
        return None, None
    wanted = benchmark.strip().upper()
    for one in panel.instruments:
        if wanted in (str(one.id), one.id.symbol):
            return str(one.id), None
    chosen = select(lake, None, [benchmark.strip()])
    return chosen.symbols[0], chosen.panel


def _made(result: Result, work: Order) -> Made:
    from midas.backtest.evidence import evidence_of
    from midas.portfolio.measures.sample import simple_returns

    year = float(result.settings["periods_per_year"] or 0.0)
    settings: Json = dict(result.settings)
    if work.version is not None:
        settings["strategy_version"] = work.version
    return Made(
        identity=result.identity,
        definition=work.definition.graph_json() | _text(work.definition),
        params=dict(work.definition.params),
        symbols=[*result.spec.symbols] if work.request.symbols else [],
        start=result.panel.sessions[result.simulation.first].item(),
        end=result.sessions[-1].item(),
        summary=dict(result.summary),
        costs=dict(result.costs),
        warnings=[*result.warnings],
        rejects=dict(result.reject_counts),
        settings=settings,
        evidence=evidence_of(simple_returns(result.equity), year).to_json(),
    )


def _text(definition: Definition) -> Json:
    # the source of code, for people to look at; it is no part of what the run is known by
    return {} if definition.code is None else {"source": definition.code.text}
