"""When a strategy speaks."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import StrategyInvalid, did_you_mean

if TYPE_CHECKING:
    from midas.venues.calendar import Calendar, Period


class Every(StrEnum):
    """The rows on which a strategy speaks; between them it is silent and positions are held.

    CHANGE has no schedule: every row is read, and a name is traded only when its own target changes. All others are
    scheduled rebalances: on a speaking row every name whose holding differs from its target is traded. ONCE speaks on
    the first row that has any target and never again. Each member may be written as in a file, `Every.month_end`.
    """

    CHANGE = "change"
    BAR = "bar"
    WEEK_END = "week_end"
    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"
    YEAR_END = "year_end"
    ONCE = "once"

    change = CHANGE
    bar = BAR
    week_end = WEEK_END
    month_end = MONTH_END
    quarter_end = QUARTER_END
    year_end = YEAR_END
    once = ONCE


_PERIODS: Mapping[Every, Period] = {
    Every.WEEK_END: "week",
    Every.MONTH_END: "month",
    Every.QUARTER_END: "quarter",
    Every.YEAR_END: "year",
}


_SESSIONS: Mapping[Every, int] = {
    Every.WEEK_END: 5,
    Every.MONTH_END: 21,
    Every.QUARTER_END: 63,
    Every.YEAR_END: 252,
}


def rows_apart(every: Every) -> int:
    """Return how many rows there are from one speaking row to the next, about; 1 where every row is read."""
    return _SESSIONS.get(every, 1)


def speaking_rows(
    every: Every, calendar: Calendar, sessions: NDArray[np.datetime64], first_row: int, stop_row: int
) -> NDArray[np.int64]:
    """Return the ascending rows of `sessions` in [first_row, stop_row) whose targets are read.

    A period ends at the venue calendar's last session of it, whether or not the market data has it: a period whose
    last session is missing from `sessions` has no speaking row. CHANGE and BAR read every row. ONCE reads every row
    too, because only its targets tell which is the first with a value: the caller acts on that one alone.
    """
    first = min(max(first_row, 0), len(sessions))
    stop = min(max(stop_row, first), len(sessions))
    period = _PERIODS.get(every)
    if period is None:
        return np.arange(first, stop, dtype=np.int64)
    last = np.asarray(calendar.last_sessions(period, sessions[first:stop]), dtype=np.bool_)
    return (first + np.flatnonzero(last)).astype(np.int64)


def read_every(value: object) -> Every:
    """Return the schedule of this name.

    Raises
    ------
    StrategyInvalid: there is none.
    """
    known = [every.value for every in Every]
    if isinstance(value, str) and value in known:
        return Every(value)
    raise StrategyInvalid(
        f"A strategy cannot speak every {str(value)[:64]!r}.",
        hint=did_you_mean(str(value)[:64], known),
        code="bad_every",
    )
