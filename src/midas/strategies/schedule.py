"""When a strategy speaks."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.marketdata.closing import closing_of

if TYPE_CHECKING:
    from midas.marketdata.panel import Panel
    from midas.venues.calendar import Calendar, Period


class Every(StrEnum):
    """The rows on which a strategy speaks; between them it is silent and positions are held.

    CHANGE has no schedule: every row is read, and a name is traded only when its own target changes. All others are
    scheduled rebalances: on a speaking row every name whose holding differs from its target is traded. DAY and longer
    ones speak on the last bar that begins before the official close of a session (see `Closing`), so BAR and DAY are
    one on daily bars. ONCE speaks on the first row that has
    any target and never again. Each member may be written as in a file, `Every.month_end`.
    """

    CHANGE = "change"
    BAR = "bar"
    DAY = "day"
    WEEK_END = "week_end"
    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"
    YEAR_END = "year_end"
    ONCE = "once"

    change = CHANGE
    bar = BAR
    day = DAY
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


_AHEAD_DAYS = 400

_SESSIONS: Mapping[Every, int] = {
    Every.WEEK_END: 5,
    Every.MONTH_END: 21,
    Every.QUARTER_END: 63,
    Every.YEAR_END: 252,
}


def rows_apart(every: Every) -> int:
    """Return how many rows there are from one speaking row to the next, about; 1 where every row is read."""
    return _SESSIONS.get(every, 1)


def speaking_rows(every: Every, calendar: Calendar, panel: Panel, first_row: int, stop_row: int) -> NDArray[np.int64]:
    """Return the ascending rows of `panel` in [first_row, stop_row) whose targets are read.

    A period ends at the venue calendar's last session of it, whether or not the market data has it: a period whose last
    session is missing has no speaking row. CHANGE and BAR read every row. ONCE reads every row too, because only
    its targets tell which is the first with a value: the caller acts on that one alone.
    """
    first = min(max(first_row, 0), panel.rows)
    stop = min(max(stop_row, first), panel.rows)
    period = _PERIODS.get(every)
    if period is None and every is not Every.DAY:
        return np.arange(first, stop, dtype=np.int64)
    ends = first + np.flatnonzero(closing_of(panel, calendar).ends[first:stop])
    if period is None:
        return ends
    return ends[np.asarray(calendar.last_sessions(period, panel.sessions[ends]), dtype=np.bool_)]


class Schedule:
    """What `speaking_rows` says of rows that come one at a time."""

    def __init__(self, every: Every, calendar: Calendar) -> None:
        self._every, self._calendar = every, calendar
        self._first: np.datetime64 = np.datetime64("1970-01-01", "D")
        self._speaking = np.zeros(0, np.bool_)

    @property
    def by_session(self) -> bool:
        """Whether it speaks where sessions end, not on every row."""
        return self._every is Every.DAY or self._every in _PERIODS

    def speaks(self, session: np.datetime64) -> bool:
        """Tell whether the targets of a row of this session are read, where it ends if that is what counts.

        Where ONCE is the schedule only the targets tell.
        """
        period = _PERIODS.get(self._every)
        if period is None:
            return True
        place = int((session - self._first).astype(np.int64))
        if not 0 <= place < len(self._speaking):
            self._first, place = session, 0
            days = np.arange(session, session + np.timedelta64(_AHEAD_DAYS, "D"))
            self._speaking = np.asarray(self._calendar.last_sessions(period, days), np.bool_)
        return bool(self._speaking[place])


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
