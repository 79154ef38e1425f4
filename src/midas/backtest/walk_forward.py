"""Choosing parameters again and again, each time from the past alone, and trading what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.backtest.benchmark import benchmark
from midas.backtest.folds import Fold, Mode
from midas.backtest.folds import walk_forward as windows
from midas.backtest.paying import paid_from
from midas.backtest.result import Number
from midas.backtest.run import Progress, lived
from midas.backtest.sampling import sample_of
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.sweep import sweep_spec
from midas.backtest.sweep_plan import SweepPlan
from midas.backtest.targets import Targets, targets
from midas.backtest.window import Rows, Window, closes_of, window
from midas.core.errors import InvalidInput
from midas.execution.exchange import Rates
from midas.factors.periods import rows_a_day
from midas.factors.plan import compile_plan, plan_for_days
from midas.marketdata.panel import Panel
from midas.portfolio.measures.registry import summarise
from midas.strategies.definition import Definition
from midas.strategies.param import ParamValue

Reals = NDArray[np.float64]

MOST_FOLDS = 100


@dataclass(frozen=True, slots=True)
class Leg:
    """One choice: made on the sessions from `train_first` to `train_last`, traded on those from `first` to `last`.

    `params` is empty and `train_score` None where no trial of the training had a score: then nothing is decided, and
    what is held stays held. `tried` counts the trials of the training.
    """

    train_first: date
    train_last: date
    first: date
    last: date
    params: Mapping[str, ParamValue]
    train_score: float | None
    total_return: float
    tried: int

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        days = {name: str(getattr(self, name)) for name in ("train_first", "train_last", "first", "last")}
        score = {"train_score": self.train_score, "total_return": self.total_return, "tried": self.tried}
        return {**days, "params": dict(self.params), **score}


@dataclass(frozen=True, slots=True)
class WalkForward:
    """One account over all that was not chosen on.

    sessions, equity : one entry a close, from the last of the first training on; equity in currency. summary : every
    measure of that account. periods_per_year : sessions of a year.
    """

    mode: Mode
    metric: str
    legs: tuple[Leg, ...]
    sessions: NDArray[np.datetime64]
    equity: Reals
    summary: Mapping[str, Number]
    periods_per_year: float

    @property
    def efficiency(self) -> float | None:
        """The metric on what was not chosen on, over its mean where it was chosen; None unless both are above 0.

        Near 1 what was found lasted; near 0 it was an accident. Source: Pardo 2008, "The evaluation and optimization
        of trading strategies", walk-forward efficiency.
        """
        scores = [leg.train_score for leg in self.legs if leg.train_score is not None]
        value = self.summary.get(self.metric)
        if value is None or value <= 0 or not scores or sum(scores) <= 0:
            return None
        return float(value) / (sum(scores) / len(scores))

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values, without the series."""
        return {
            "mode": self.mode,
            "metric": self.metric,
            "legs": [leg.to_json() for leg in self.legs],
            "efficiency": self.efficiency,
            "summary": dict(self.summary),
        }


@dataclass(frozen=True, slots=True)
class _Sessions:
    # the sessions that are split: the row each begins on, and the one behind the last
    bounds: Rows

    @classmethod
    def of(cls, panel: Panel, base: BacktestSpec) -> _Sessions:
        first, stop = panel.row_range(base.start, base.end)
        begins = panel.begins
        return cls(np.append(begins[(begins >= first) & (begins < stop)], stop))

    @property
    def count(self) -> int:
        return len(self.bounds) - 1

    def rows(self, places: Rows) -> tuple[int, int]:
        return int(self.bounds[places[0]]), int(self.bounds[places[-1] + 1]) - 1


@dataclass(frozen=True, slots=True)
class _Chosen:
    # a fold with rows of the panel, and what was chosen on it
    train: tuple[int, int]
    test: tuple[int, int]
    definition: Definition | None
    params: Mapping[str, ParamValue]
    score: float | None
    tried: int


def walk_forward(
    plan: SweepPlan,
    base: BacktestSpec,
    setting: Setting,
    mode: Mode,
    folds: int,
    *,
    rates: Rates | None = None,
    progress: Progress | None = None,
) -> WalkForward:
    """Sweep on each training window, and trade the best of it in the window that follows.

    The sessions of `base` are split by `folds.walk_forward`. A choice is made at the close of the last training session
    and traded from the next open; positions go over from one choice to the next, so that changing one's mind costs
    what it costs. A strategy's states begin at the first session of all, not at the choice. On bars within the day the
    close of a session is its last bar. `rates` are for capital in another currency.

    Raises
    ------
    InvalidInput: too few sessions for so many folds, no trial of any fold had a score, or the choices disagree on when
        to speak.
    """
    sessions = _Sessions.of(setting.panel, base)
    if folds > MOST_FOLDS:
        raise InvalidInput(f"{folds} folds are too many.", hint=f"Use 1 to {MOST_FOLDS}.", code="bad_folds")
    chosen: list[_Chosen] = []
    for number, fold in enumerate(windows(sessions.count, folds, mode)):
        if progress is not None:
            progress(number / (folds + 1), f"choosing, fold {number + 1} of {folds}")
        chosen.append(_choose(plan, base, setting, sessions, fold, rates))
    if progress is not None:
        progress(folds / (folds + 1), "trading what was chosen")
    begin, stop = chosen[0].train[1], chosen[-1].test[1] + 1
    paid = setting.paid(paid_from(base, setting.panel, rates, begin, stop))
    return _traded(plan, base, paid, mode, chosen)


def _choose(
    plan: SweepPlan, base: BacktestSpec, setting: Setting, sessions: _Sessions, fold: Fold, rates: Rates | None
) -> _Chosen:
    train, test = sessions.rows(fold.train), sessions.rows(fold.test)
    days = setting.panel.sessions
    asked = replace(base, start=days[train[0]].item(), end=days[train[1]].item())
    try:
        found = sweep_spec(plan, asked, setting.panel, rates=rates)
    except InvalidInput as refusal:
        if refusal.code != "all_refused":
            raise
        return _Chosen(train, test, None, {}, None, 0)
    definition = None if found.best is None else plan.subject.definition(found.best_params)
    return _Chosen(train, test, definition, found.best_params, found.best_score, len(found.trials))


def _traded(plan: SweepPlan, base: BacktestSpec, setting: Setting, mode: Mode, chosen: list[_Chosen]) -> WalkForward:
    made = [each for each in chosen if each.definition is not None]
    if not made:
        raise InvalidInput(
            "No training window gave any trial a score.",
            hint="Use fewer folds, more data or shorter lookbacks.",
            code="too_short",
        )
    decisions = _decisions(base, setting, chosen)
    begin, stop = chosen[0].train[1], chosen[-1].test[1] + 1
    last = made[-1].definition or base.definition
    spec = replace(base, definition=last)
    rows = Window(begin, begin, begin, stop)
    compared = benchmark(setting.panel, rows, base.benchmark)
    story = lived(spec, setting, compile_plan(last.targets), rows, compared, decisions)
    sample, closes = sample_of(story), closes_of(setting.panel, rows)
    return WalkForward(
        mode=mode,
        metric=plan.metric,
        legs=tuple(_leg(setting, each, sample.equity, closes) for each in chosen),
        sessions=story.sessions,
        equity=sample.equity,
        summary=summarise(sample),
        periods_per_year=sample.periods_per_year,
    )


def _decisions(base: BacktestSpec, setting: Setting, chosen: list[_Chosen]) -> Targets:
    # what each choice says, from the close it was made at to the one before the next is made
    found: list[Targets] = []
    panel, calendar = setting.panel, setting.market.calendar
    for number, each in enumerate(chosen):
        if each.definition is None:
            continue
        _require_one_schedule(each.definition, chosen)
        end = panel.sessions[each.test[1]].item()
        plan = plan_for_days(compile_plan(each.definition.targets), rows_a_day(panel))
        said = targets(plan, each.definition.every, panel, calendar, window(plan, panel, base.start, end))
        until = each.test[1] + (number == len(chosen) - 1)
        mine = (said.rows >= each.train[1]) & (said.rows < until)
        found.append(Targets(said.rows[mine], said.weights[mine]))
    return Targets(np.concatenate([one.rows for one in found]), np.concatenate([one.weights for one in found]))


def _require_one_schedule(definition: Definition, chosen: list[_Chosen]) -> None:
    if any(each.definition is not None and each.definition.every is not definition.every for each in chosen):
        raise InvalidInput(
            "A walk-forward needs one schedule: the choices disagree on `every`.",
            hint="Vary other parameters and fix `every`.",
            code="bad_every",
        )


def _leg(setting: Setting, chosen: _Chosen, equity: Reals, closes: Rows) -> Leg:
    days = setting.panel.sessions
    before, after = equity[np.searchsorted(closes, (chosen.train[1], chosen.test[1]))]
    return Leg(
        train_first=days[chosen.train[0]].item(),
        train_last=days[chosen.train[1]].item(),
        first=days[chosen.test[0]].item(),
        last=days[chosen.test[1]].item(),
        params=chosen.params,
        train_score=chosen.score,
        total_return=float(after / before - 1.0) if before > 0 else 0.0,
        tried=chosen.tried,
    )
