"""Backtests of strategies that are code: run in the thread that asks, stored like any other.

User code never runs where others are served: only a client that has the workspace in its own process comes here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import backtests, running, trials
from midas.app.home import Home
from midas.app.resolving import Resolved
from midas.app.running import Made, Order
from midas.app.seats import Report
from midas.app.workspace import Workspace, lake_of
from midas.core.clock import SystemClock
from midas.core.errors import NotFound, StorageCorrupt
from midas.wire.backtests import BacktestRequest

if TYPE_CHECKING:
    from midas.backtest.result import Result
    from midas.strategies.definition import Definition
    from midas.strategies.event import EventStrategy


async def begin(workspace: Workspace, request: BacktestRequest, definition: Definition) -> Order:
    """Give a question its identity and count the try, before it runs.

    Raises
    ------
    NotFound: an unknown universe, symbol or benchmark.
    InvalidInput: the question makes no sense.
    """
    order = await to_thread.run_sync(running.order, workspace, request, Resolved(definition, definition.name))
    await trials.count(workspace, order.hypothesis, [order.configuration])
    return order


def perform(home: Path, work: Order, strategy: EventStrategy, report: Report) -> Made:
    """Run an order in this thread and store its series. It is never answered from the store: code may do otherwise now.

    Raises
    ------
    MidasError: it cannot be run or stored, or the code failed; nothing was stored.
    """
    from midas.trading.coded import run_code

    ready = running.ready(lake_of(home, SystemClock()), work.definition, work.request)
    result = run_code(
        strategy, ready.spec, ready.panel, benchmark_panel=ready.benchmark_panel, rates=ready.rates, notes=ready.notes,
        progress=report,
    )  # fmt: skip
    if _differs(result, Home(home).result(result.identity)):
        result = replace(result, warnings=(*result.warnings, _UNSTEADY))
    return running.kept(result, home, work)


async def settle(workspace: Workspace, order: Order, made: Made) -> str:
    """Store what a run left beside its series, and return its id."""
    settled = await backtests.settle(workspace, order, made)
    return str(settled.result_id)


_UNSTEADY = (
    "The same code was run on the same data before and did otherwise: it goes by something a run is not known by, such "
    "as chance, the clock, a file or another module. The result of before was replaced by this one."
)


def _differs(result: Result, folder: Path) -> bool:
    # whether an earlier run of the same identity came to something else
    from midas.backtest.artifact import load

    try:
        before = load(folder)
        fills, equity = before.fills(), before.equity_frame()
    except (NotFound, StorageCorrupt):
        return False
    return not (fills.equals(result.fills()) and equity.equals(result.equity_frame()))
