"""A backtest from strategy to result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from midas.backtest.benchmark import Benchmark
from midas.backtest.benchmark import benchmark as benchmark_of
from midas.backtest.identity import identity
from midas.backtest.notices import notices
from midas.backtest.paying import paid_in
from midas.backtest.ranges import ranges
from midas.backtest.result import Result
from midas.backtest.sampling import costs_of, sample_of
from midas.backtest.setting import Setting
from midas.backtest.settings import account_settings, settings_of
from midas.backtest.spec import Amount, BacktestSpec, spec_of
from midas.backtest.story import Story
from midas.backtest.targets import Targets, require_heard, targets
from midas.backtest.window import Window, at_closes, window
from midas.core.money import Money
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency, Exchanged, Rates, exchanged
from midas.execution.guards import guards
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms, Lots
from midas.factors.periods import rows_a_day
from midas.factors.plan import Plan, plan_for_days
from midas.kernels.fill import SCALE
from midas.marketdata.panel import Panel
from midas.portfolio.measures.registry import absences, summarise
from midas.portfolio.timeline import timeline
from midas.portfolio.trades import Prices, round_trips
from midas.strategies.definition import Definition, is_code
from midas.strategies.plans import plan_of, range_plans
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy

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
    account: AccountCurrency | None = None,
    rates: Rates | None = None,
    progress: Progress | None = None,
) -> Result:
    """Backtest a strategy on a panel.

    `start` is the first possible decision, `end` is inclusive. A commission of None is the venue's own; tax always
    applies. `dealing` is how orders, cash and shares are dealt with beyond costs. The benchmark is equal-weight buy and
    hold of the same instruments, or one of them. `account` is the currency of the capital where it is not the panel's,
    and `rates` what that costs.

    Raises
    ------
    InvalidInput: an argument makes no sense, or the dates hold no bar.
    NotFound: the benchmark is not in the panel.
    DataBlocked: a rate is missing.
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
        account=account,
    )
    return run_spec(spec, panel, rates=rates, progress=progress)


def run_spec(
    spec: BacktestSpec,
    panel: Panel,
    *,
    benchmark_panel: Panel | None = None,
    rates: Rates | None = None,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """Answer a spec with the panel it was made for; `notes` are put before the warnings.

    `benchmark_panel` holds the spec's benchmark where the panel does not, `rates` what its account's currency costs.

    Raises
    ------
    InvalidInput, NotFound: see `run`.
    DataBlocked: a rate is missing.
    """
    report = progress or silence
    return told(_live(spec, panel, benchmark_panel, rates, report), benchmark_panel, rates, notes, report)


def told(
    story: Story, benchmark_panel: Panel | None, rates: Rates | None, notes: Sequence[str], report: Progress
) -> Result:
    """Return the result of what an account lived through."""
    report(0.9, "measuring")
    spec, panel = story.spec, story.panel
    sample = sample_of(story)
    summary = summarise(sample)
    account = story.simulation
    abroad = _abroad(story, rates)
    result = Result(
        identity=_identity(story, benchmark_panel, rates),
        spec=spec,
        panel=panel,
        simulation=account,
        timeline=story.timeline,
        round_trips=story.trips,
        scale=story.scale,
        equity=sample.equity,
        cash=at_closes(panel, story.window, account.cash) / story.scale,
        gross_exposure=sample.gross_exposure,
        benchmark_equity=at_closes(panel, story.window, story.benchmark.growth) * sample.equity[0],
        summary=summary,
        absent=absences(sample, summary),
        costs=costs_of(sample.activity),
        reject_counts={reason.value: count for reason, count in account.journal.refusals.counts().items()},
        exit_counts={cause.value: count for cause, count in account.journal.fills.exits().items()},
        settings=settings_of(story, sample) | account_settings(abroad),
        warnings=(*notes, *notices(story)),
        exchanged=abroad,
    )
    report(1.0, "done")
    return result


def lived(
    spec: BacktestSpec, setting: Setting, plan: Plan, rows: Window, compared: Benchmark, wanted: Targets
) -> Story:
    """Return what an account with these targets lived through."""
    world = setting.world
    account = simulate(
        world,
        wanted.rows,
        wanted.weights,
        first=rows.first,
        stop=rows.stop,
        capital=setting.terms.capital.minor,
        by_change=spec.definition.every is Every.CHANGE,
        exits=guards(spec.definition.exits, ranges(range_plans(spec.definition.exits), setting.panel, rows)),
    )
    return story_of(spec, setting, plan, rows, compared, wanted, account)


def story_of(
    spec: BacktestSpec, setting: Setting, plan: Plan, rows: Window, compared: Benchmark, wanted: Targets,
    account: Simulation,
) -> Story:  # fmt: skip
    """Return the story of an account: what happened to it in one sequence, and its round trips."""
    panel, world = setting.panel, setting.world
    entries = timeline(account.journal)
    prices = Prices(world.highs, world.lows, world.closes, world.happenings)
    trips = round_trips(entries, panel.columns, rows.stop, world.terms[SCALE], prices)
    return Story(
        spec, panel, setting.market, plan, rows, setting.terms, world, wanted, account, entries, trips, compared
    )


def begun(
    spec: BacktestSpec, panel: Panel, benchmark_panel: Panel | None, rates: Rates | None
) -> tuple[Plan, Window, Benchmark, AccountTerms]:
    """Return what an account begins with: its plan, its rows, what it is compared with, and its terms.

    Raises
    ------
    InvalidInput, NotFound, DataBlocked: see `run`.
    """
    plan = plan_for_days(plan_of(spec.definition), rows_a_day(panel))
    rows = window(plan, panel, spec.start, spec.end)
    compared = benchmark_of(panel, rows, spec.benchmark, benchmark_panel)
    return plan, rows, compared, spec.terms(panel.currency, paid_in(spec, panel, rates, rows))


def _live(
    spec: BacktestSpec, panel: Panel, benchmark_panel: Panel | None, rates: Rates | None, report: Progress
) -> Story:
    if spec.definition.code is not None:
        raise is_code(spec.definition.name)
    require_heard(spec.definition, panel)
    plan, rows, compared, terms = begun(spec, panel, benchmark_panel, rates)
    setting = Setting.of(panel, terms)
    report(0.1, "computing targets")
    wanted = targets(plan, spec.definition.every, panel, setting.market.calendar, rows)
    report(0.6, "matching orders")
    return lived(spec, setting, plan, rows, compared, wanted)


def _identity(story: Story, benchmark_panel: Panel | None, rates: Rates | None) -> str:
    other = "" if benchmark_panel is None else benchmark_panel.version
    quoted = "" if rates is None or story.spec.account is None else rates.version
    return identity(story.spec, story.panel.version, story.venue.table_version, other, rates_version=quoted)


def _abroad(story: Story, rates: Rates | None) -> Exchanged | None:
    if story.spec.account is None or rates is None:
        return None
    currency = story.panel.currency
    closes = at_closes(story.panel, story.window, story.simulation.equity)
    worth = tuple(Money(int(minor), currency).amount for minor in closes)
    brought, spread_bps = story.spec.brought(currency), story.spec.account.spread_bps
    return exchanged(brought, spread_bps, rates, story.sessions, worth)


def silence(done: float, step: str) -> None:
    """Tell nobody how far it is."""
