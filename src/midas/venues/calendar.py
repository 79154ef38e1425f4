"""When a venue trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked, InvalidInput, did_you_mean

Days = NDArray[np.datetime64]
"""Session dates, datetime64[D]."""

Period = Literal["day", "week", "month", "quarter", "year"]
PERIODS: Final = ("day", "week", "month", "quarter", "year")

_DAY: Final = np.dtype("datetime64[D]")
_MONDAY_OFFSET: Final = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, slots=True)
class RegularHours:
    """Opening hours in venue time from a date on; Saturdays may close earlier."""

    valid_from: date
    open: time
    close: time
    saturday_close: time


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The sessions of a venue from `first` to `last`, both inclusive.

    Nothing is known outside that range: asking raises DataBlocked, except `last_sessions`, which counts every weekday
    out there as a session. Sessions after the day the table was generated are a forecast: elections and temporary
    holidays are proclaimed later.
    """

    name: str
    timezone: str
    first: date
    last: date
    days: Days
    settlement_days: Days
    """The sessions on which trades settle: those that are no bank holiday."""
    hours: tuple[RegularHours, ...]
    special_hours: Mapping[date, tuple[time, time]]
    unscheduled: Mapping[date, date]
    """Closings on short notice, and the first day at whose close each was known."""
    source: str

    def sessions(self, start: date, end: date) -> Days:
        """Return the sessions from `start` to `end`, both inclusive.

        Raises
        ------
        DataBlocked: the table does not cover the range.
        """
        self.require(start, end)
        low, high = np.searchsorted(self.days, np.array([start, end + timedelta(days=1)], _DAY))
        return self.days[low:high]

    def is_session(self, day: date) -> bool:
        self.require(day)
        at = np.searchsorted(self.days, np.datetime64(day))
        return bool(at < len(self.days) and self.days[at] == np.datetime64(day))

    def next_session(self, day: date, count: int = 1) -> date:
        """Return the `count`-th session after `day`, which need not be one itself.

        Raises
        ------
        DataBlocked: `day` or the answer lies outside the table.
        """
        return self._session(day, int(np.searchsorted(self.days, np.datetime64(day), side="right")) + count - 1)

    def previous_session(self, day: date, count: int = 1) -> date:
        """Return the `count`-th session before `day`, which need not be one itself.

        Raises
        ------
        DataBlocked: `day` or the answer lies outside the table.
        """
        return self._session(day, int(np.searchsorted(self.days, np.datetime64(day))) - count)

    def hours_utc(self, day: date) -> tuple[datetime, datetime]:
        """Return when the session opens and closes, as aware UTC; a midday break is not told.

        Raises
        ------
        InvalidInput: `day` is not a session.
        DataBlocked: the table does not cover `day`, or tells no hours.
        """
        return _hours_utc(self, day)

    def last_sessions(self, period: Period, sessions: Days) -> NDArray[np.bool_]:
        """Tell which of `sessions` are this calendar's last of their week (Monday to Sunday), month, quarter or year.

        As it was known at the close of each: before a closing on short notice one more session was expected, and a
        period that it ended has no last session. A date that is no session of the calendar is never the last. Outside
        the table every weekday counts as one.

        Raises
        ------
        InvalidInput: unknown period.
        """
        if period not in PERIODS:
            raise InvalidInput(f"{period!r} is not a period.", hint=did_you_mean(period, PERIODS), code="bad_period")
        asked = sessions.astype(_DAY)
        if not len(asked):
            return np.zeros(0, np.bool_)
        known = self._extended(asked.min(), asked.max())
        number = _period_number(period, known)
        last = known[np.append(number[1:] != number[:-1], True)]
        found: NDArray[np.bool_] = last[np.searchsorted(last, asked)] == asked
        found &= self._still_expected(period, asked) == 0
        return found

    def place_in(self, period: Period, sessions: Days) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many sessions of its week, month, quarter or year there are up to each date, and after it.

        After it counts what was expected at its close, with what was later closed on short notice. The date itself
        counts among the first when it is a session. Outside the table every weekday counts as one.
        """
        asked = sessions.astype(_DAY)
        if not len(asked):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        known = self._extended(asked.min(), asked.max())
        number, own = _period_number(period, known), _period_number(period, asked)
        reached = np.searchsorted(known, asked, side="right")
        ahead = np.searchsorted(number, own, side="right") - reached
        return reached - np.searchsorted(number, own), ahead + self._still_expected(period, asked)

    def _still_expected(self, period: Period, asked: Days) -> NDArray[np.int64]:
        # Sessions later in the period that were closed in the end, which nobody knew at the close of each date.
        own, count, first = _period_number(period, asked), np.zeros(len(asked), np.int64), asked.min()
        numbers = _period_number(period, np.array([*self.unscheduled], _DAY))
        for known, number in zip(self.unscheduled.values(), numbers, strict=True):
            if first < np.datetime64(known):
                count += (own == number) & (asked < np.datetime64(known))
        return count

    def _extended(self, low: np.datetime64, high: np.datetime64) -> Days:
        # A whole year on both sides, so that no period asked about is cut in two.
        first, last = np.datetime64(self.first), np.datetime64(self.last)
        before = weekdays(min(low, first) - np.timedelta64(366, "D"), first - np.timedelta64(1, "D"))
        after = weekdays(last + np.timedelta64(1, "D"), max(high, last) + np.timedelta64(366, "D"))
        return np.concatenate([before, self.days, after])

    def _local_hours(self, day: date) -> tuple[time, time]:
        special = self.special_hours.get(day)
        if special is not None:
            return special
        for row in reversed(self.hours):
            if day >= row.valid_from:
                return row.open, row.saturday_close if day.isoweekday() == 6 else row.close
        raise DataBlocked(
            f"The opening hours of {self.name} on {day} are not known.", hint="Use session dates.", code="no_hours"
        )

    def _session(self, day: date, index: int) -> date:
        self.require(day)
        if not 0 <= index < len(self.days):
            self._refuse(day)
        found: date = self.days[index].item()
        return found

    def require(self, *days: date) -> None:
        """Refuse days outside the table.

        Raises
        ------
        DataBlocked: a day lies before `first` or after `last`.
        """
        for day in days:
            if not self.first <= day <= self.last:
                self._refuse(day)

    def _refuse(self, day: date) -> None:
        raise DataBlocked(
            f"The calendar of {self.name} does not reach {day}.",
            hint=f"It covers {self.first} to {self.last}.",
            code="calendar_range",
        )


def weekdays(first: np.datetime64, last: np.datetime64) -> Days:
    """Return Mondays to Fridays from `first` to `last`, both inclusive."""
    days = np.arange(first, last + np.timedelta64(1, "D"), dtype=_DAY)
    return days[_weekday(days) < 5]


def _weekday(days: Days) -> NDArray[np.int64]:
    # Monday is 0.
    return (days.astype(np.int64) + _MONDAY_OFFSET) % 7


def _period_number(period: Period, days: Days) -> NDArray[np.int64]:
    if period == "day":
        return days.astype(np.int64)
    if period == "week":
        return (days.astype(np.int64) + _MONDAY_OFFSET) // 7
    months = days.astype("datetime64[M]").astype(np.int64)
    return months // {"month": 1, "quarter": 3, "year": 12}[period]


@lru_cache(maxsize=4096)
def _hours_utc(calendar: Calendar, day: date) -> tuple[datetime, datetime]:
    # whoever goes through the past asks several times for each session
    if not calendar.is_session(day):
        raise InvalidInput(
            f"{calendar.name} has no session on {day}.", hint="Ask next_session first.", code="not_a_session"
        )
    opens, closes = calendar._local_hours(day)
    zone = ZoneInfo(calendar.timezone)
    return (
        datetime.combine(day, opens, zone).astimezone(UTC),
        datetime.combine(day, closes, zone).astimezone(UTC),
    )
