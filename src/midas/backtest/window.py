"""Which rows of a panel a run covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.factors.periods import rows_a_day
from midas.factors.plan import Plan, plan_for_days
from midas.marketdata.panel import Panel

N = TypeVar("N", bound=np.generic)

Rows = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows [first, stop) are simulated and measured; `read_from` is the earliest row the targets need.

    `asked` is the row of the requested start: `first` is later where there was not enough history before it.
    """

    read_from: int
    asked: int
    first: int
    stop: int


def window(plan: Plan, panel: Panel, start: date | None, end: date | None) -> Window:
    """Return the rows of a run: from `start`, or from the first bar, once the warm-up is behind; to `end`.

    Raises
    ------
    InvalidInput: no session lies in the range, none of the names has a bar there, or the warm-up leaves nothing.
    """
    plan = plan_for_days(plan, rows_a_day(panel))
    asked, stop = sessions_between(panel, start, end)
    listed = _first_bar(panel, stop)
    if listed is None:
        raise InvalidInput(
            f"None of the {panel.columns} instruments has a bar up to {_day(panel, stop - 1)}.",
            hint="Choose later dates.",
            code="empty_range",
        )
    first = max(asked, listed + plan.warmup)
    if first >= stop - 1 and first > asked:
        raise InvalidInput(
            f"The strategy needs {plan.warmup} {bars_of(panel)} before its first decision; "
            f"from {_day(panel, listed)} to {_day(panel, stop - 1)} there are {stop - listed}.",
            hint="Choose a later end, more data, or shorter lookbacks.",
            code="too_short",
        )
    return Window(max(0, first - plan.lookback), listed if start is None else asked, first, stop)


def bars_of(panel: Panel) -> str:
    """Return what the rows of a panel are called."""
    return "sessions" if panel.stamps is None else "bars"


def sessions_between(panel: Panel, start: date | None, end: date | None) -> tuple[int, int]:
    """Return the rows from `start` to `end`.

    Raises
    ------
    InvalidInput: there is none.
    """
    asked, stop = panel.row_range(start, end)
    if stop <= asked:
        raise InvalidInput(
            f"Dataset {panel.dataset!r} has no session from {start or 'its first'} to {end or 'its last'}.",
            hint=f"It covers {_day(panel, 0)} to {_day(panel, panel.rows - 1)}." if panel.rows else "It is empty.",
            code="empty_range",
        )
    return asked, stop


def _first_bar(panel: Panel, stop: int) -> int | None:
    closes = panel.tiles("raw_close")
    for row in range(stop):
        if not np.isnan(closes[:, row, :]).all():
            return row
    return None


def _day(panel: Panel, row: int) -> str:
    return str(panel.sessions[row])


def closes_of(panel: Panel, rows: Window) -> Rows:
    """Return the rows an account is measured on: the last bar of each session, and before them the first of the run.

    That one holds the capital before anything has traded; on a daily panel it is the first session itself, and the rows
    are all there are.
    """
    if panel.stamps is None:
        return np.arange(rows.first, rows.stop)
    begins = panel.begins
    low, high = np.searchsorted(begins, (rows.first + 1, rows.stop))
    last = np.append(begins[low:high] - 1, rows.stop - 1)
    return last if last[0] == rows.first else np.append(rows.first, last)


def at_closes(panel: Panel, rows: Window, series: NDArray[N]) -> NDArray[N]:
    """Return the entries of a series over the rows of a run at its measured closes."""
    return series if panel.stamps is None else series[closes_of(panel, rows) - rows.first]


def sessions_of(panel: Panel, rows: Window) -> Days:
    """Return the session of each measured close of a run."""
    if panel.stamps is None:
        return panel.sessions[rows.first : rows.stop]
    return dates_of(panel, closes_of(panel, rows))


def dates_of(panel: Panel, closes: Rows) -> Days:
    """Return the session of each close; a run that begins within one starts from the session before it."""
    dates = panel.sessions[closes]
    if len(dates) > 1 and dates[0] == dates[1]:
        dates = dates.copy()
        begin = np.searchsorted(panel.sessions, dates[0])
        dates[0] = panel.sessions[begin - 1] if begin else np.busday_offset(dates[0] - 1, 0, roll="backward")
    return dates
