"""One strategy, many parameters: which were best, and how much that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from midas.backtest.grid import Given
from midas.backtest.heat import HeatMap, flatness, heat_map
from midas.backtest.lanes import KEPT
from midas.backtest.result import Result
from midas.backtest.run import Progress, run_spec
from midas.backtest.search import Keep, Search, Tell, all_refused
from midas.backtest.setting import Setting
from midas.backtest.spec import Amount, BacktestSpec, spec_of
from midas.backtest.spread import spread_of
from midas.backtest.subject import Subject, subject_of
from midas.backtest.sweep_plan import SweepPlan, plan_sweep, require_any
from midas.backtest.trials import Trials, measures_for
from midas.backtest.window import sessions_between
from midas.core.errors import MidasError
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency, Rates
from midas.execution.terms import Lots
from midas.marketdata.panel import Panel
from midas.strategies.param import ParamValue
from midas.strategies.registry import build
from midas.strategies.strategy import Strategy

SAME = 1e-9
"""A score that differs by more from the ordinary run's, relatively, is a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of it.

    `base` is the question every trial answers, its start the session on which all begin. `skipped` combinations were
    left out, the first for the reason in `skipped_because`; `late` of them because they need too much history. `best`
    is the place of the best trial and `result` its ordinary run; both None where no trial has a score.
    """

    plan: SweepPlan
    base: BacktestSpec
    trials: Trials
    skipped: int
    skipped_because: str
    late: int
    best: int | None
    result: Result | None

    @property
    def best_params(self) -> dict[str, ParamValue]:
        return {} if self.best is None else self.trials.params(self.best)

    @property
    def best_score(self) -> float | None:
        return None if self.best is None else float(self.trials.column(self.plan.metric)[self.best])

    @property
    def flatness(self) -> float | None:
        return None if self.best is None else flatness(self.trials, self.plan.metric, self.best)

    def heat_map(self) -> HeatMap | None:
        """Return the score over the first two parameters that were varied."""
        return heat_map(self.trials, self.plan.metric)


def sweep(
    strategy: Strategy | type[Strategy] | str | Subject,
    panel: Panel,
    grid: Mapping[str, Given] | None = None,
    *,
    sampler: str = "grid",
    trials: int | None = None,
    metric: str = "sharpe",
    seed: int = 0,
    start: date | None = None,
    end: date | None = None,
    initial_capital: Amount | None = None,
    commission_bps: float | None = None,
    slippage_bps: float = 0.0,
    lots: Lots = "whole",
    volume_cap: float = 0.1,
    dealing: Dealing | None = None,
    account: AccountCurrency | None = None,
    rates: Rates | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Try a strategy's parameters on a panel; each trial is what `run` makes of it.

    `grid` gives values by parameter: `{"fast": "5:60:1", "slow": range(20, 251, 5)}`. The sampler takes all of them,
    or `trials` at random, evenly spread (sobol), or led by the scores so far (tpe). Combinations the strategy refuses
    are skipped.

    Raises
    ------
    InvalidInput: see `plan_sweep`; or an argument makes no sense, or every combination was refused.
    """
    subject = strategy if isinstance(strategy, Subject) else subject_of(strategy)
    plan = plan_sweep(subject, grid, sampler=sampler, trials=trials, metric=metric, seed=seed)
    base = base_spec(
        plan, panel, start=start, end=end, initial_capital=initial_capital, commission_bps=commission_bps,
        slippage_bps=slippage_bps, lots=lots, volume_cap=volume_cap, dealing=dealing, account=account,
    )  # fmt: skip
    return sweep_spec(plan, base, panel, rates=rates, progress=progress)


def base_spec(
    plan: SweepPlan,
    panel: Panel,
    *,
    start: date | None = None,
    end: date | None = None,
    initial_capital: Amount | None = None,
    commission_bps: float | None = None,
    slippage_bps: float = 0.0,
    lots: Lots = "whole",
    volume_cap: float = 0.1,
    dealing: Dealing | None = None,
    universe: str | None = None,
    account: AccountCurrency | None = None,
) -> BacktestSpec:
    """Return the question every trial answers; the strategy it names does not matter.

    Raises
    ------
    InvalidInput: an argument makes no sense, the dates hold no session, or all of a few combinations are refused.
    """
    sessions_between(panel, start, end)
    require_any(plan)
    anything = build("buy_and_hold")
    return spec_of(
        anything, panel, start=start, end=end, initial_capital=initial_capital, commission_bps=commission_bps,
        slippage_bps=slippage_bps, lots=lots, volume_cap=volume_cap, dealing=dealing, universe=universe,
        account=account,
    )  # fmt: skip


def sweep_spec(
    plan: SweepPlan,
    base: BacktestSpec,
    panel: Panel,
    *,
    rates: Rates | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
    tell: Tell | None = None,
) -> Sweep:
    """Do a planned sweep; `base` is the question, whose strategy does not matter.

    All trials begin on one row, see `period.shared`. `rates` are for capital in another currency. `tell` hears of
    configurations before they are tried, `keep` of trials as they are finished.

    Raises
    ------
    InvalidInput: every combination was refused.
    """
    setting = Setting.of(panel, base.terms(panel.currency))
    # what capital from abroad comes to is known when the first row is
    able = measures_for(plan.metric) == KEPT and base.account is None
    quick = spread_of(plan.subject, plan.axes, base, setting) if able else None
    search = Search(plan, base, setting, quick, rates=rates, progress=progress, keep=keep, tell=tell)
    try:
        found = _found(plan, search, panel, rates)
    except MidasError as error:
        if quick is None or error.code != "internal":
            raise
        # Never seen; should the quick way err, the ordinary one is there.
        search = Search(plan, base, setting, None, rates=rates, progress=progress, tell=tell)
        found = _found(plan, search, panel, rates)
    if progress is not None:
        progress(1.0, f"{len(found.trials):,} trials done")
    return found


def _found(plan: SweepPlan, search: Search, panel: Panel, rates: Rates | None) -> Sweep:
    trials = search.run()
    if not len(trials):
        raise all_refused(search.left_out, search.because)
    made = concluded(plan, search.base, panel, trials, rates)
    return replace(made, skipped=search.left_out, skipped_because=search.because, late=search.late)


def concluded(plan: SweepPlan, base: BacktestSpec, panel: Panel, trials: Trials, rates: Rates | None = None) -> Sweep:
    """Return the sweep these trials make, whether or not they are all that were planned.

    `base` is the question as each of them was asked it, from the row on which all began.
    """
    best = trials.best(plan.metric)
    result = None if best is None else _best_run(plan, base, panel, trials, best, rates)
    return Sweep(plan, base, trials, 0, "", 0, best, result)


def _best_run(
    plan: SweepPlan, base: BacktestSpec, panel: Panel, trials: Trials, best: int, rates: Rates | None
) -> Result:
    # What is shown as best went through the ordinary run too: a shortcut that errs is found out here.
    definition = plan.subject.definition(trials.params(best))
    result = run_spec(replace(base, definition=definition), panel, rates=rates)
    for measure, value in zip(trials.measures, trials.values[best], strict=True):
        again = result.summary[measure]
        known = np.nan if again is None else float(again)
        if not np.isclose(known, value, rtol=SAME, atol=SAME, equal_nan=True):
            raise MidasError(
                f"The best trial's {measure} is {value!r} in the sweep and {known!r} in its own run.",
                hint="This is a mistake of ours; please report it.",
                code="internal",
            )
    return result
