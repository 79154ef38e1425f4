"""Going through the combinations of a sweep, all over one period."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from midas.backtest.hypothesis import configuration_of
from midas.backtest.paying import paid_from
from midas.backtest.period import NEVER, from_session, shared
from midas.backtest.run import Progress
from midas.backtest.samplers import Picks
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.spread import FEWEST, Spread
from midas.backtest.survey import Survey, Surveyor
from midas.backtest.sweep_plan import SweepPlan
from midas.backtest.together import Together, measured
from midas.backtest.trials import Trials, Values, measures_for, merit, params_of
from midas.core.errors import InvalidInput
from midas.execution.exchange import Rates
from midas.strategies.definition import Definition

QUICK_BLOCK = 16_384
BLOCK = 128
"""Trials that are answered before the next look at whether to go on."""

_LOOKING = 0.1
"""Share of the work that finding out what can be run is told as."""

Keep = Callable[[Trials], None]
"""Called with the trials of each block as they are finished."""

Tell = Callable[[Definition, BacktestSpec, Sequence[str]], None]
"""Called before each block is begun: with one of its strategies, the question, the configurations for the ledger."""


class Search:
    """Answers `asked` for the combinations of a plan.

    base : the question as every trial is asked it: from the first row all can begin on. refused, late : combinations
    that were left out, the first for the reason in `because`.
    """

    def __init__(
        self,
        plan: SweepPlan,
        asked: BacktestSpec,
        setting: Setting,
        quick: Spread | None,
        *,
        rates: Rates | None = None,
        progress: Progress | None = None,
        keep: Keep | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._subject, self._metric, self._sampler, self._axes = plan.subject, plan.metric, plan.start(), plan.axes
        self._asked, self._setting, self._quick, self._rates = asked, setting, quick, rates
        self._progress, self._keep, self._tell = progress, keep, tell
        self._surveyor = Surveyor(plan.subject, plan.axes, asked, setting.panel, quick)
        self._measures = measures_for(plan.metric)
        self._done = self._total = 0
        self.refused, self.late, self.because = 0, 0, ""
        self.base = asked

    def run(self) -> Trials:
        """Return the trials.

        Raises
        ------
        InvalidInput: every combination was refused.
        """
        preview = self._sampler.preview()
        looked = self._surveyor.survey(preview, lambda count: self._looked(count, len(preview)))
        first = self._begin(looked, len(preview))
        together = Together(self.base, self._setting)
        tried = [Trials(self._axes, preview[:0], self._measures, np.empty((0, len(self._measures))))]
        while len(picks := self._sampler.ask()):
            known = looked if np.array_equal(picks, preview) else self._surveyor.survey(picks, lambda _: None)
            able = self._able(known, first)
            self._total = self._sampler.total if known is not looked else int(able.sum())
            made = self._all(picks[able], first, together)
            tried += made
            scores = np.full(len(picks), np.nan)
            scores[able] = np.concatenate([merit(self._metric, t.column(self._metric)) for t in (tried[0], *made)])
            self._sampler.tell(picks, scores, able)
        whole = np.concatenate([t.picks for t in tried]), np.concatenate([t.values for t in tried])
        return self._without_refused(self._trials(*whole))

    @property
    def left_out(self) -> int:
        return self.refused + self.late

    def _begin(self, looked: Survey, count: int) -> int:
        panel = self._setting.panel
        _, stop = panel.row_range(self._asked.start, self._asked.end)
        first = int(from_session(shared(looked.firsts, stop)[0], panel, stop))
        if first == NEVER:
            raise all_refused(count, looked.because)
        self.base = replace(self._asked, start=panel.sessions[first].item())
        self._setting = self._setting.paid(paid_from(self._asked, panel, self._rates, first, stop))
        return first

    def _able(self, known: Survey, first: int) -> NDArray[np.bool_]:
        able: NDArray[np.bool_] = known.firsts <= first
        self.refused += known.refused
        self.because = self.because or known.because
        late = ~able & (known.firsts < NEVER)
        if late.any():
            self.late += int(late.sum())
            self.because = self.because or self._too_late(int(known.firsts[late].min()), first)
        return able

    def _too_late(self, alone: int, first: int) -> str:
        days = self._setting.panel.sessions
        return f"It could begin on {days[alone]} only; the others are compared from {days[first]} on."

    def _all(self, picks: Picks, first: int, together: Together) -> list[Trials]:
        made: list[Trials] = []
        at = 0
        while at < len(picks):
            quick = self._quick if len(picks) - at >= FEWEST else None
            some = picks[at : at + (BLOCK if quick is None else QUICK_BLOCK)]
            self._count(some, quick)
            values = None if quick is None else quick.answer(some, first)
            if quick is not None and values is None:
                self._quick = None
                continue
            made.append(self._trials(some, self._answer(some, together) if values is None else values))
            at += len(some)
            self._report(made[-1])
        return made

    def _count(self, picks: Picks, quick: Spread | None) -> None:
        if self._tell is None:
            return
        told = [self._configuration(pick) for pick in picks] if quick is None else quick.configurations(picks)
        self._tell(self._definition(picks[0]), self.base, told)

    def _configuration(self, pick: NDArray[np.int64]) -> str:
        asked = self._asked
        return configuration_of(self._definition(pick), asked.symbols, asked.start, asked.end, asked.dealing)

    def _definition(self, pick: NDArray[np.int64]) -> Definition:
        return self._subject.definition(params_of(self._axes, pick))

    # A row of NaN is one that was refused while it ran: an account always has a total return.
    def _answer(self, picks: Picks, together: Together) -> Values:
        values = np.full((len(picks), len(self._measures)), np.nan)
        for place, story in together.stories([self._definition(pick) for pick in picks]):
            if isinstance(story, InvalidInput):
                self.refused += 1
                self.because = self.because or story.message
            else:
                values[place] = measured(story, self._measures)
        return values

    def _trials(self, picks: Picks, values: Values) -> Trials:
        return Trials(self._axes, picks, self._measures, values)

    def _without_refused(self, trials: Trials) -> Trials:
        made = ~np.isnan(trials.values[:, 0])
        return trials if made.all() else self._trials(trials.picks[made], trials.values[made])

    def _looked(self, count: int, total: int) -> None:
        if self._progress is not None:
            self._progress(_LOOKING * count / max(1, total), f"{count:,} of {total:,} combinations looked at")

    def _report(self, block: Trials) -> None:
        self._done += len(block)
        if self._keep is not None:
            self._keep(self._without_refused(block))
        if self._progress is not None:
            share = _LOOKING + (0.99 - _LOOKING) * self._done / max(1, self._total)
            self._progress(share, f"{self._done:,} of {self._total:,} trials")


def all_refused(count: int, because: str) -> InvalidInput:
    """Return the refusal of a sweep of which nothing is left."""
    return InvalidInput(
        f"All {count:,} combinations were refused; the first: {because}",
        hint="Vary other values.",
        code="all_refused",
    )
