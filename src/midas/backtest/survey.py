"""Which combinations of a sweep can be run, and from when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.grid import Axis
from midas.backtest.period import NEVER
from midas.backtest.samplers import Picks
from midas.backtest.spec import BacktestSpec
from midas.backtest.spread import FEWEST, Spread
from midas.backtest.subject import Subject
from midas.backtest.trials import params_of
from midas.backtest.window import window
from midas.core.errors import InvalidInput
from midas.factors.plan import Plan
from midas.marketdata.panel import Panel
from midas.strategies.plans import plan_of

Rows = NDArray[np.int64]
Heard = Callable[[int], None]
"""Called with the number of combinations looked at so far; may raise, to stop the work."""

QUICK_AT_ONCE = 16_384
AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of combinations before any is run.

    firsts : the first row each could decide on alone, `NEVER` where it is refused, the first of those for the reason in
    `because`.
    """

    firsts: Rows
    because: str = ""

    @property
    def refused(self) -> int:
        return int((self.firsts == NEVER).sum())


class Surveyor:
    """Looks at combinations without running them."""

    def __init__(
        self, subject: Subject, axes: tuple[Axis, ...], base: BacktestSpec, panel: Panel, quick: Spread | None
    ) -> None:
        self._subject, self._axes, self._base, self._panel, self._quick = subject, axes, base, panel, quick
        self._begins: dict[int, int | InvalidInput] = {}

    def survey(self, picks: Picks, heard: Heard) -> Survey:
        """Look at combinations."""
        if self._quick is None or len(picks) < FEWEST:
            return self._one_by_one(picks, heard)
        firsts, because = np.empty(len(picks), np.int64), ""
        for at in range(0, len(picks), QUICK_AT_ONCE):
            some = slice(at, at + QUICK_AT_ONCE)
            firsts[some], why = self._quick.firsts(picks[some])
            because = because or why
            heard(min(at + QUICK_AT_ONCE, len(picks)))
        return Survey(firsts, because)

    def _one_by_one(self, picks: Picks, heard: Heard) -> Survey:
        firsts, because = np.full(len(picks), NEVER), ""
        for place, pick in enumerate(picks):
            if place % AT_ONCE == 0:
                heard(place)
            try:
                firsts[place] = self._first(plan_of(self._subject.definition(params_of(self._axes, pick))))
            except InvalidInput as refusal:
                because = because or refusal.message
        return Survey(firsts, because)

    def _first(self, plan: Plan) -> int:
        if plan.warmup not in self._begins:
            try:
                self._begins[plan.warmup] = window(plan, self._panel, self._base.start, self._base.end).first
            except InvalidInput as refusal:
                self._begins[plan.warmup] = refusal
        found = self._begins[plan.warmup]
        if isinstance(found, InvalidInput):
            raise found
        return found
