"""What a strategy wants, on the rows where it speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.window import Window
from midas.core.errors import InvalidInput
from midas.factors.evaluate import evaluate
from midas.factors.plan import Plan
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Matrix
from midas.strategies.definition import Definition
from midas.strategies.schedule import Every, speaking_rows
from midas.venues.calendar import Calendar

_GROWTH = 16


@dataclass(frozen=True, slots=True)
class Targets:
    """Weights (row that speaks, instrument), NaN where there is none, and those rows, ascending."""

    rows: NDArray[np.int64]
    weights: Matrix


def require_heard(definition: Definition, panel: Panel) -> None:
    """Refuse a mix of several schedules on bars within the day where a part speaks on a session's last bar only.

    Such a mix hears a part on the days of its schedule, and every bar of those would be one.

    Raises
    ------
    InvalidInput: so.
    """
    if panel.stamps is None or definition.every is not Every.CHANGE:
        return
    for part in definition.mix:
        if part.every not in (Every.CHANGE, Every.BAR, Every.ONCE):
            raise InvalidInput(
                f"{part.name!r} speaks every {part.every.value} and others of the mix {definition.name!r} do not, "
                "which bars within the day cannot tell apart.",
                hint="Give all strategies of the mix one schedule, or use daily bars.",
                code="mixed_schedules",
            )


def targets(plan: Plan, every: Every, panel: Panel, calendar: Calendar, rows: Window) -> Targets:
    """Evaluate a plan on the rows where a strategy speaks; states begin flat at the first of the window."""
    speaks = speaking_rows(every, calendar, panel, rows.first, rows.stop)
    if every is Every.ONCE:
        return _first_with_value(plan, panel, rows, speaks)
    return Targets(speaks, _evaluate(plan, panel, rows, speaks))


def _first_with_value(plan: Plan, panel: Panel, rows: Window, speaks: NDArray[np.int64]) -> Targets:
    # Nearly always the very first row: look at ever longer stretches rather than at the whole market's history.
    begin, length = 0, 1
    while begin < len(speaks):
        weights = _evaluate(plan, panel, rows, speaks[begin : begin + length])
        found = np.flatnonzero(np.isfinite(weights).any(axis=1))
        if len(found):
            at = int(found[0])
            return Targets(speaks[begin + at : begin + at + 1], weights[at : at + 1])
        begin, length = begin + length, length * _GROWTH
    return Targets(speaks[:0], np.empty((0, panel.columns)))


def _evaluate(plan: Plan, panel: Panel, rows: Window, speaks: NDArray[np.int64]) -> Matrix:
    return evaluate(plan, panel, rows.read_from, rows.stop, speaks, state_from=rows.first)
