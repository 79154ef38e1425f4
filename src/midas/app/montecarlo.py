"""Monte Carlo of a stored backtest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midas.app import backtests
from midas.app.home import Home
from midas.app.jobs import show as show_job
from midas.app.seats import Report
from midas.app.task import Settled, Task
from midas.app.workspace import Workspace, lake_of
from midas.core.clock import SystemClock
from midas.core.errors import InvalidInput, NotFound
from midas.wire.jobs import Job
from midas.wire.montecarlo import MonteCarlo, MonteCarloRequest

if TYPE_CHECKING:
    from midas.backtest.artifact import StoredResult
    from midas.backtest.monte_carlo import MonteCarlo as Drawn
    from midas.backtest.spec import BacktestSpec
    from midas.marketdata.panel import Panel

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Order:
    # what a seat needs, picklable
    backtest: str
    identity: str
    request: MonteCarloRequest


async def run(workspace: Workspace, backtest: str, request: MonteCarloRequest, wait_s: float) -> Job:
    """Queue the drawing of other paths; the job's result is a `MonteCarlo`.

    Raises
    ------
    NotFound: no such backtest.
    StorageCorrupt: its series are gone or damaged.
    """
    row = await backtests.show(workspace, backtest)
    await backtests.read(workspace, row, lambda result: result.identity)
    work = partial(_perform, workspace.home.root, _Order(row.id, row.identity, request))
    record = await workspace.jobs.submit(Task("montecarlo", work, _settle))
    return await show_job(workspace, record.id, wait_s)


async def _settle(made: Json) -> Settled:
    return Settled(None, made)


def _perform(home: Path, order: _Order, report: Report) -> Json:
    from midas.backtest import monte_carlo
    from midas.backtest.artifact import load
    from midas.portfolio.measures.sample import simple_returns

    stored, request = load(Home(home).result(order.identity)), order.request
    if request.method == "noise":
        drawn = _noisy(home, stored, request, report)
    elif request.method == "trades":
        closed = stored.trades().drop_nulls("exit_ts").sort("exit_ts", "symbol")
        capital = float(stored.equity_frame()["equity"][0])
        drawn = monte_carlo.shuffled_trades(closed["pnl"].to_numpy(), capital, request.paths)
    else:
        returns = simple_returns(stored.equity_frame()["equity"].to_numpy())
        drawn = monte_carlo.bootstrap(returns, request.paths, float(stored.settings["periods_per_year"] or 0.0))
    told = MonteCarlo.model_validate({"backtest": order.backtest, **drawn.to_json()})
    return told.model_dump(mode="json")


def _noisy(home: Path, stored: StoredResult, request: MonteCarloRequest, report: Report) -> Drawn:
    from midas.backtest.noise import noisy

    spec, panel = _asked(home, stored)
    return noisy(spec, panel, request.paths, request.noise, report)


def _asked(home: Path, stored: StoredResult) -> tuple[BacktestSpec, Panel]:
    from midas.backtest.spec import spec_of
    from midas.execution.dealing import Dealing
    from midas.marketdata.universe import select
    from midas.strategies.definition import Definition

    asked: Mapping[str, Any] = stored.spec
    if "account" in asked:
        raise InvalidInput(
            "Noise is not drawn for an account in another currency than its market's.",
            hint="Run the backtest without --account-currency, then draw paths of that.",
            code="account_currency",
        )
    lake = lake_of(home, SystemClock())
    try:
        panel = select(lake, str(stored.settings["dataset"]), asked["symbols"]).panel
    except NotFound:
        raise _gone(stored) from None
    if panel.version != stored.settings["data_version"]:
        raise _gone(stored)
    spec = spec_of(
        Definition.from_graph_json(asked["strategy"]),
        panel,
        start=_day(asked["start"]),
        end=_day(asked["end"]),
        initial_capital=Decimal(asked["initial_capital"]),
        commission_bps=asked["commission_bps"],
        slippage_bps=asked["slippage_bps"],
        lots=asked["lots"],
        volume_cap=asked["volume_cap"],
        dealing=Dealing(**asked.get("dealing", {})),
    )
    return spec, panel


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _gone(stored: StoredResult) -> InvalidInput:
    return InvalidInput(
        f"The data of this backtest ({stored.settings['dataset']}) is not there any more as it was.",
        hint="Run the backtest again, then draw paths of the new one.",
        code="data_changed",
    )
