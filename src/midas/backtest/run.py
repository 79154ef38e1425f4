"""A backtest from strategy to result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from midas.backtest.benchmark import Benchmark
from midas.backtest.benchmark import benchmark as benchmark_of
from midas.backtest.identity import identity
from midas.backtest.notices import notices
from midas.backtest.ranges import plan_of, range_plans, ranges
from midas.backtest.result import Result
from midas.backtest.sampling import costs_of, sample_of
from midas.backtest.setting import Setting
from midas.backtest.settings import settings_of
from midas.backtest.spec import Amount, BacktestSpec, spec_of
from midas.backtest.story import Story
from midas.backtest.targets import Targets, targets
from midas.backtest.window import Window, window
from midas.execution.dealing import Dealing
from midas.execution.guards import guards
from midas.execution.simulation import simulate
from midas.execution.terms import Lots
from midas.factors.plan import Plan
from midas.kernels.fill import SCALE
from midas.marketdata.panel import Panel
from midas.portfolio.measures.registry import absences, summarise
from midas.portfolio.timeline import timeline
from midas.portfolio.trades import Prices, round_trips
from midas.strategies.definition import Definition
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy
from midas.venues.catalogue import venue

Progress = Callable[[float, str], None]
"""Called with the share done and what comes next."""


def run(
    strategy: Strategy | Definition,
    panel: Panel,
    *,
    start: date | None = None,
    end: date | None = None,
    initial_capital: Amount | None = None,
    commission_bps: float | None = None,
    slippage_bps: float = 0.0,
    lots: Lots = "whole",
    benchmark: str | None = None,
    volume_cap: float = 0.1,
    dealing: Dealing | None = None,
    progress: Progress | None = None,
) -> Result:
    """Backtest a strategy on a panel.

    `start` is the first possible decision, `end` is inclusive. A commission of None is the venue's own; tax always
    applies. `dealing` is how orders, cash and shares are dealt with beyond costs. The benchmark is equal-weight buy and
    hold of the same instruments, or one of them.

    Raises
    ------
    InvalidInput: an argument makes no sense, or the dates hold no bar.
    NotFound: the benchmark is not in the panel.
    """
    spec = spec_of(
        strategy,
        panel,
        start=start,
        end=end,
        initial_capital=initial_capital,
        commission_bps=commission_bps,
        slippage_bps=slippage_bps,
        lots=lots,
        benchmark=benchmark,
        volume_cap=volume_cap,
        dealing=dealing,
    )
    return run_spec(spec, panel, progress=progress)


def run_spec(
    spec: BacktestSpec,
    panel: Panel,
    *,
    benchmark_panel: Panel | None = None,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """Answer a spec with the panel it was made for; `notes` are put before the warnings.

    `benchmark_panel` holds the spec's benchmark where the panel does not.

    Raises
    ------
    InvalidInput, NotFound: see `run`.
    """
    report = progress or _silence
    story = _live(spec, panel, benchmark_panel, report)
    report(0.9, "measuring")
    sample = sample_of(story)
    summary = summarise(sample)
    versions = (panel.version, story.venue.table_version)
    account = story.simulation
    result = Result(
        identity=identity(spec, *versions, "" if benchmark_panel is None else benchmark_panel.version),
        spec=spec,
        panel=panel,
        simulation=account,
        timeline=story.timeline,
        round_trips=story.trips,
        scale=story.scale,
        equity=sample.equity,
        cash=account.cash / story.scale,
        gross_exposure=sample.gross_exposure,
        benchmark_equity=story.benchmark.growth * sample.equity[0],
        summary=summary,
        absent=absences(sample, summary),
        costs=costs_of(sample.activity),
        reject_counts={reason.value: count for reason, count in account.journal.refusals.counts().items()},
        exit_counts={cause.value: count for cause, count in account.journal.fills.exits().items()},
        settings=settings_of(story, sample),
        warnings=(*notes, *notices(story)),
    )
    report(1.0, "done")
    return result


def lived(
    spec: BacktestSpec, setting: Setting, plan: Plan, rows: Window, compared: Benchmark, wanted: Targets
) -> Story:
    """Return what an account with these targets lived through."""
    panel, world = setting.panel, setting.world
    account = simulate(
        world,
        wanted.rows,
        wanted.weights,
        first=rows.first,
        stop=rows.stop,
        capital=setting.terms.capital.minor,
        by_change=spec.definition.every is Every.CHANGE,
        exits=guards(spec.definition.exits, ranges(range_plans(spec.definition.exits), panel, rows)),
    )
    entries = timeline(account.journal)
    prices = Prices(world.highs, world.lows, world.closes, world.happenings)
    trips = round_trips(entries, panel.columns, rows.stop, world.terms[SCALE], prices)
    return Story(
        spec, panel, setting.market, plan, rows, setting.terms, world, wanted, account, entries, trips, compared
    )


def _live(spec: BacktestSpec, panel: Panel, benchmark_panel: Panel | None, report: Progress) -> Story:
    market = venue(panel.venue, panel.currency)
    plan = plan_of(spec.definition)
    rows = window(plan, panel, spec.start, spec.end)
    compared = benchmark_of(panel, rows, spec.benchmark, benchmark_panel)
    report(0.1, "computing targets")
    wanted = targets(plan, spec.definition.every, panel, market.calendar, rows)
    report(0.6, "matching orders")
    return lived(spec, Setting.of(panel, spec.terms(panel.currency)), plan, rows, compared, wanted)


def _silence(done: float, step: str) -> None:
    pass
