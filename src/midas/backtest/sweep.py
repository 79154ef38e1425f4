"""One strategy, many parameters: which were best, and how much that is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from midas.backtest.grid import Axis, Given, declared_axes, read_axes
from midas.backtest.heat import HeatMap, flatness, heat_map
from midas.backtest.lanes import KEPT
from midas.backtest.result import Result
from midas.backtest.run import Progress, run_spec
from midas.backtest.samplers import Picks, Sampler, sampler_of
from midas.backtest.setting import Setting
from midas.backtest.spec import Amount, BacktestSpec, spec_of
from midas.backtest.spread import FEWEST, Spread, spread_of
from midas.backtest.subject import Subject, subject_of
from midas.backtest.together import Together, measured
from midas.backtest.trials import Trials, Values, measures_for, merit, params_of
from midas.backtest.window import sessions_between
from midas.core.errors import InvalidInput, MidasError
from midas.execution.terms import Lots
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.param import ParamValue
from midas.strategies.strategy import Strategy

QUICK_BLOCK = 16_384
BLOCK = 128
"""Trials that are answered before the next look at whether to go on."""

SAME = 1e-9
"""A score that differs by more from the ordinary run's, relatively, is a mistake of ours."""

Keep = Callable[[Trials], None]
"""Called with the trials of each block as they are finished."""


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What to try and how to judge it; everything a sweep needs but the data."""

    subject: Subject
    axes: tuple[Axis, ...]
    sampler: str
    trials: int | None
    metric: str
    seed: int

    def start(self) -> Sampler:
        """Return the sampler at its beginning."""
        return sampler_of(self.sampler, self.axes, self.trials, self.seed)

    def to_json(self) -> dict[str, object]:
        """Return plain values that, with the question, name the sweep."""
        return {
            "written": self.subject.written,
            "axes": {axis.name: list(axis.values) for axis in self.axes},
            "fixed": dict(self.subject.fixed),
            "sampler": self.sampler,
            "trials": self.trials,
            "metric": self.metric,
            "seed": self.seed if self.sampler != "grid" else 0,
        }


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of it.

    `skipped` combinations were refused, the first for the reason in `skipped_because`. `best` is the place of the best
    trial and `result` its ordinary run; both None where no trial has a score.
    """

    plan: SweepPlan
    trials: Trials
    skipped: int
    skipped_because: str
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


def plan_sweep(
    subject: Subject,
    grid: Mapping[str, Given] | None = None,
    *,
    sampler: str = "grid",
    trials: int | None = None,
    metric: str = "sharpe",
    seed: int = 0,
) -> SweepPlan:
    """Return what to try; without a grid that is the declared range of every parameter that is not fixed.

    Raises
    ------
    InvalidInput: an unknown parameter, sampler or metric, a bad range, or more than a million points.
    """
    measures_for(metric)
    if grid:
        axes = read_axes(grid, subject.specs, subject.name)
    else:
        axes = declared_axes(subject.specs, subject.fixed, subject.name, fine=sampler != "grid")
    both = [axis.name for axis in axes if axis.name in subject.fixed]
    if both:
        subject = replace(subject, fixed={name: v for name, v in subject.fixed.items() if name not in both})
    plan = SweepPlan(subject, axes, sampler, trials, metric, seed)
    _require_sense(plan)
    return plan


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
        slippage_bps=slippage_bps, lots=lots, volume_cap=volume_cap,
    )  # fmt: skip
    return sweep_spec(plan, base, panel, progress=progress)


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
    universe: str | None = None,
) -> BacktestSpec:
    """Return the question every trial answers, asked of the first combination that is not refused.

    Raises
    ------
    InvalidInput: an argument makes no sense, the dates hold no session, or every combination is refused.
    """
    sessions_between(panel, start, end)
    return spec_of(
        _any(plan), panel, start=start, end=end, initial_capital=initial_capital, commission_bps=commission_bps,
        slippage_bps=slippage_bps, lots=lots, volume_cap=volume_cap, universe=universe,
    )  # fmt: skip


def sweep_spec(
    plan: SweepPlan, base: BacktestSpec, panel: Panel, *, progress: Progress | None = None, keep: Keep | None = None
) -> Sweep:
    """Do a planned sweep; `base` is the question, whose strategy does not matter.

    Raises
    ------
    InvalidInput: every combination was refused.
    """
    setting = Setting.of(panel, base.terms(panel.currency))
    quick = spread_of(plan.subject, plan.axes, base, setting) if measures_for(plan.metric) == KEPT else None
    search = _Search(plan, Together(base, setting), progress, keep, quick)
    try:
        found = concluded(plan, base, panel, search.run(), search.skipped, search.because)
    except MidasError as error:
        if quick is None or error.code != "internal":
            raise
        # Never seen; should the quick way err, the ordinary one is there.
        search = _Search(plan, Together(base, setting), progress, None, None)
        found = concluded(plan, base, panel, search.run(), search.skipped, search.because)
    if progress is not None:
        progress(1.0, f"{len(found.trials):,} trials done")
    return found


def concluded(
    plan: SweepPlan, base: BacktestSpec, panel: Panel, trials: Trials, skipped: int = 0, because: str = ""
) -> Sweep:
    """Return the sweep these trials make, whether or not they are all that were planned.

    Raises
    ------
    InvalidInput: there is no trial.
    """
    if not len(trials):
        raise InvalidInput(
            f"All {skipped:,} combinations were refused; the first: {because}",
            hint="Vary other values.",
            code="all_refused",
        )
    best = trials.best(plan.metric)
    result = None if best is None else _best_run(plan, base, panel, trials, best)
    return Sweep(plan, trials, skipped, because, best, result)


class _Search:
    def __init__(
        self,
        plan: SweepPlan,
        together: Together,
        progress: Progress | None,
        keep: Keep | None,
        quick: Spread | None,
    ) -> None:
        self.skipped, self.because = 0, ""
        self._quick = quick
        self._plan, self._together, self._progress, self._keep = plan, together, progress, keep
        self._measures = measures_for(plan.metric)
        self._done = 0

    def run(self) -> Trials:
        sampler = self._plan.start()
        tried = [self._trials(np.empty((0, len(self._plan.axes)), np.int64), np.empty((0, len(self._measures))))]
        while len(asked := sampler.ask()):
            scores = np.full(len(asked), np.nan)
            at = 0
            while at < len(asked):
                picks, values = self._answered(asked[at:])
                metric = values[:, self._measures.index(self._plan.metric)]
                scores[at : at + len(picks)] = merit(self._plan.metric, metric)
                made = ~np.isnan(values[:, 0])
                tried.append(self._trials(picks[made], values[made]))
                self._report(tried[-1], len(picks), sampler.total)
                at += len(picks)
            sampler.tell(asked, scores)
        return self._trials(np.concatenate([t.picks for t in tried]), np.concatenate([t.values for t in tried]))

    # The next few combinations and their measures. A row of NaN is one that was refused: an account always has a total
    # return.
    def _answered(self, picks: Picks) -> tuple[Picks, Values]:
        if self._quick is not None and len(picks) >= FEWEST:
            some = picks[:QUICK_BLOCK]
            answer = self._quick.answer(some)
            if answer is not None:
                values, refused = answer
                for place in sorted(refused):
                    self._skip(refused[place])
                return some, values
            self._quick = None
        some = picks[:BLOCK]
        return some, self._answer(some)

    def _answer(self, picks: Picks) -> Values:
        values = np.full((len(picks), len(self._measures)), np.nan)
        places, definitions = [], []
        for place, made in self._definitions(picks):
            if isinstance(made, Definition):
                places.append(place)
                definitions.append(made)
            else:
                self._skip(made.message)
        for number, story in self._together.stories(definitions):
            if isinstance(story, InvalidInput):
                self._skip(story.message)
                continue
            values[places[number]] = measured(story, self._measures)
        return values

    def _definitions(self, picks: Picks) -> Iterator[tuple[int, Definition | InvalidInput]]:
        for place, pick in enumerate(picks):
            try:
                yield place, self._plan.subject.definition(params_of(self._plan.axes, pick))
            except InvalidInput as refusal:
                yield place, refusal

    def _skip(self, why: str) -> None:
        self.skipped += 1
        self.because = self.because or why

    def _trials(self, picks: Picks, values: Values) -> Trials:
        return Trials(self._plan.axes, picks, self._measures, values)

    def _report(self, block: Trials, asked: int, total: int) -> None:
        self._done += asked
        if self._keep is not None:
            self._keep(block)
        if self._progress is not None:
            self._progress(0.99 * self._done / max(1, total), f"{self._done:,} of {total:,} trials")


def _best_run(plan: SweepPlan, base: BacktestSpec, panel: Panel, trials: Trials, best: int) -> Result:
    # What is shown as best went through the ordinary run too: a shortcut that errs is found out here.
    definition = plan.subject.definition(trials.params(best))
    result = run_spec(replace(base, definition=definition), panel)
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


def _any(plan: SweepPlan) -> Definition:
    first: InvalidInput | None = None
    for pick in plan.start().ask():
        try:
            return plan.subject.definition(params_of(plan.axes, pick))
        except InvalidInput as refusal:
            first = first or refusal
    raise InvalidInput(
        f"Every combination was refused; the first: {first.message if first else 'there is none'}",
        hint=first.hint if first else "",
        code="all_refused",
    )


def _require_sense(plan: SweepPlan) -> None:
    plan.start()
