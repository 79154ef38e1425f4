"""Doing an evaluation: from a question to an order of work, and from there to stored measures."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from midas.app.eta import with_eta
from midas.app.home import Home
from midas.app.parts import Parts, read_parts
from midas.app.run_options import asked_timeframe, rates_for, terms_of
from midas.app.running import saving
from midas.app.seats import Report
from midas.app.workspace import Workspace, lake_of
from midas.core.clock import SystemClock
from midas.wire.evaluations import EvaluationRequest

if TYPE_CHECKING:
    from midas.backtest.evaluation import Evaluation
    from midas.backtest.spec import BacktestSpec
    from midas.execution.exchange import Rates
    from midas.marketdata.lake import Lake
    from midas.marketdata.panel import Panel
    from midas.strategies.definition import Definition

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class EvaluationOrder:
    """A question with the identity of its answer; picklable."""

    request: EvaluationRequest
    identity: str


@dataclass(frozen=True, slots=True)
class EvaluationMade:
    """What an evaluation left, apart from its table, in plain values."""

    start: date | None
    end: date | None
    symbols: list[str]
    strategies: list[str]
    results: Json
    refused: Json
    warnings: list[str]
    settings: Json


@dataclass(frozen=True, slots=True)
class _Ready:
    # everything an evaluation needs, at hand
    strategies: tuple[Definition, ...]
    base: BacktestSpec
    panel: Panel
    rates: Rates | None
    notes: tuple[str, ...]


def order(workspace: Workspace, request: EvaluationRequest) -> EvaluationOrder:
    """Give a question its identity. Called from a thread that may wait; nothing runs yet.

    Raises
    ------
    NotFound: an unknown strategy, universe or symbol.
    InvalidInput: the question makes no sense.
    """
    from midas.backtest.identity import identity
    from midas.backtest.trials import measures_for
    from midas.venues.catalogue import venue

    measures_for(request.metric)
    ready = _ready(workspace.lake, request)
    tables = venue(ready.panel.venue, ready.panel.currency).table_version
    quoted = "" if ready.rates is None else ready.rates.version
    asked = {
        "run": identity(ready.base, ready.panel.version, tables, rates_version=quoted),
        "strategies": [definition.canonical() for definition in ready.strategies],
        "metric": request.metric,
        "named": request.symbols,
    }
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return EvaluationOrder(request, hashlib.sha256(text.encode()).hexdigest())


def perform(home: Path, work: EvaluationOrder, report: Report) -> EvaluationMade:
    """Do an order and store its table; called where jobs are done.

    Raises
    ------
    MidasError: it cannot be done or stored.
    """
    from midas.backtest.evaluation import evaluate_spec

    clock = SystemClock()
    ready = _ready(lake_of(home, clock), work.request)
    folder = Home(home).evaluation(work.identity)
    parts = Parts(folder, clock)
    told, far = with_eta(report, clock), [0.0]

    def progress(done: float, step: str) -> None:
        far[0] = done
        told(done, step)

    try:
        found = evaluate_spec(
            ready.strategies,
            ready.base,
            ready.panel,
            metric=work.request.metric,
            rates=ready.rates,
            progress=progress,
            keep=lambda part: parts.add(part.frame()),
            tell=lambda symbols: told(far[0], f"{len(symbols):,} instruments begun", _tried(ready, symbols)),
        )
    finally:
        parts.flush()
    with saving(folder):
        parts.finish(found.frame())
    return _made(found, ready, work.request)


def rescue(home: Path, work: EvaluationOrder) -> EvaluationMade | None:
    """Make what was finished of a stopped evaluation into one; None where nothing was."""
    from midas.backtest.evaluation import evaluation_of

    folder = Home(home).evaluation(work.identity)
    rows = read_parts(folder)
    if rows is None or not rows.height:
        return None
    clock = SystemClock()
    with saving(folder):
        Parts(folder, clock).finish(rows)
    ready = _ready(lake_of(home, clock), work.request)
    return _made(evaluation_of(rows, work.request.metric), ready, work.request)


def _ready(lake: Lake, request: EvaluationRequest) -> _Ready:
    from midas.backtest.evaluation import of_library
    from midas.backtest.spec import spec_of
    from midas.marketdata.universe import select
    from midas.strategies.registry import build

    strategies = tuple(build(name) for name in request.strategies) if request.strategies else of_library()
    chosen = select(lake, request.universe, request.symbols, asked_timeframe(request.timeframe))
    base = spec_of(
        strategies[0],
        chosen.panel,
        **terms_of(request),
        universe=chosen.label,
    )
    base.terms(chosen.panel.currency)
    return _Ready(strategies, base, chosen.panel, rates_for(lake, chosen.panel, base), chosen.warnings)


def _period(found: Evaluation, ready: _Ready) -> list[str]:
    panel = ready.panel
    begun = found.begun()
    if not begun:
        return []
    first, stop = panel.row_range(ready.base.start, ready.base.end)
    day = min(begun)
    later, told = sum(each > day for each in begun), []
    if panel.row_range(day, None)[0] > first:
        told.append(
            f"All strategies are compared from {day} to {panel.sessions[stop - 1]}: they begin together, when the "
            "longest history that any of them needs is behind."
        )
    if later:
        told.append(f"{later:,} of {len(begun):,} instruments were listed later, and all strategies begin later there.")
    return told


def _made(found: Evaluation, ready: _Ready, request: EvaluationRequest) -> EvaluationMade:
    names = _names(found.symbols, request.symbols)
    scores, best = found.scores().tolist(), found.best()
    results: Json = {}
    for row, place, symbol in zip(scores, best, found.symbols, strict=True):
        known = [value if math.isfinite(value) else None for value in row]
        results[names[symbol]] = {
            "best_strategy": None if place is None else found.strategies[place],
            "best_score": None if place is None else known[place],
            "all": dict(zip(found.strategies, known, strict=True)),
        }
    base, panel = ready.base, ready.panel
    first, stop = panel.row_range(base.start, base.end)
    begun = found.begun()
    return EvaluationMade(
        start=min(begun) if begun else None,
        end=panel.sessions[stop - 1].item() if stop > first else None,
        symbols=[*found.symbols],
        strategies=[*found.strategies],
        results=results,
        refused={f"{names[symbol]} {strategy}": why for (symbol, strategy), why in found.refused.items()},
        warnings=[*ready.notes, *_period(found, ready)],
        settings=_settings(base, panel),
    )


def _names(ids: tuple[str, ...], asked: list[str]) -> dict[str, str]:
    # The key a person looks under is what that person wrote.
    names = {symbol: symbol for symbol in ids}
    for each in asked:
        for symbol in ids:
            if each.strip().upper() in (symbol.upper(), symbol.rpartition(".")[0].upper()):
                names[symbol] = each.strip()
    return names


def _settings(base: BacktestSpec, panel: Panel) -> Json:
    return {
        "dataset": panel.dataset,
        "data_version": panel.version,
        "basis": panel.basis.value,
        "venue": panel.venue,
        "currency": panel.currency,
        "initial_capital": float(base.initial_capital),
        "commission": "venue schedule" if base.commission_bps is None else f"{base.commission_bps:g} bps",
        "slippage_bps": base.slippage_bps,
        "lots": base.lots,
    }


def _tried(ready: _Ready, symbols: tuple[str, ...]) -> dict[str, list[str]]:
    from midas.backtest.hypothesis import configuration_of, hypothesis_of, universe_family

    family, base = universe_family(ready.panel), ready.base
    tried: dict[str, list[str]] = {}
    for definition in ready.strategies:
        configurations = tried.setdefault(hypothesis_of(definition, family), [])
        configurations += [
            configuration_of(definition, [symbol], base.start, base.end, base.dealing) for symbol in symbols
        ]
    return tried
