"""Reading the session tables that ship with Midas."""

from __future__ import annotations

import json
from datetime import date, time
from importlib.resources import files
from typing import Final, TypedDict

import numpy as np
from numpy.typing import NDArray

from midas.venues.calendar import Calendar, Days, RegularHours, weekdays

GENERIC_FIRST: Final = date(1900, 1, 1)
GENERIC_LAST: Final = date(2099, 12, 31)


class SessionTable(TypedDict):
    """One venue's sessions as `scripts/generate_sessions.py` writes them; dates are ISO, times HH:MM of the venue.

    weeks : [from, trading weekdays], 1 is Monday.
    closed, extra : year -> month-day of trading weekdays without a session, and of sessions on other weekdays.
    unsettled : year -> month-day of sessions on which no trade settles.
    hours : [from, open, close, Saturday close].
    special : year -> month-day -> [open, close].
    unscheduled : year -> month-day of closings on short notice -> the first date at whose close it was known.
    """

    name: str
    timezone: str
    source: str
    first: str
    last: str
    weeks: list[tuple[str, str]]
    hours: list[tuple[str, str, str, str]]
    closed: dict[str, list[str]]
    extra: dict[str, list[str]]
    unsettled: dict[str, list[str]]
    special: dict[str, dict[str, tuple[str, str]]]
    unscheduled: dict[str, dict[str, str]]


def read_table(name: str) -> SessionTable:
    """Return the shipped table of that name, e.g. `xkrx`."""
    text = files("midas.venues").joinpath("tables", f"{name}_sessions.json").read_text(encoding="utf-8")
    table: SessionTable = json.loads(text)
    return table


def calendar_of(table: SessionTable) -> Calendar:
    """Return the calendar a table describes."""
    hours = tuple(
        RegularHours(date.fromisoformat(start), *(time.fromisoformat(at) for at in times))
        for start, *times in table["hours"]
    )
    special = {
        date.fromisoformat(f"{year}-{day}"): (time.fromisoformat(opens), time.fromisoformat(closes))
        for year, days in table["special"].items()
        for day, (opens, closes) in days.items()
    }
    first, last = date.fromisoformat(table["first"]), date.fromisoformat(table["last"])
    days = _frozen(expand(table))
    settling = _frozen(np.delete(days, np.searchsorted(days, _dates(table["unsettled"]))))
    unscheduled = {
        date.fromisoformat(f"{year}-{day}"): date.fromisoformat(known)
        for year, closings in table["unscheduled"].items()
        for day, known in closings.items()
    }
    return Calendar(
        table["name"], table["timezone"], first, last, days, settling, hours, special, unscheduled, table["source"]
    )


def weekday_calendar(name: str) -> Calendar:
    """Return a calendar that knows nothing but weekdays."""
    days = _frozen(weekdays(np.datetime64(GENERIC_FIRST), np.datetime64(GENERIC_LAST)))
    note = "every weekday; holidays are not known"
    return Calendar(name, "UTC", GENERIC_FIRST, GENERIC_LAST, days, days, (), {}, {}, note)


def expand(table: SessionTable) -> Days:
    """Return the sessions of a table."""
    days = np.arange(np.datetime64(table["first"]), np.datetime64(table["last"]) + 1, dtype="datetime64[D]")
    open_ = np.zeros(len(days), np.bool_)
    weekday = (days.astype(np.int64) + 4) % 7  # 1970-01-01 was a Thursday; Sunday is 0
    for start, trading in table["weeks"]:
        wanted = np.zeros(7, np.bool_)
        wanted[[int(number) % 7 for number in trading]] = True
        since = int((np.datetime64(start) - days[0]).astype(np.int64))
        open_[since:] = wanted[weekday[since:]]
    open_[_positions(table["closed"], days)] = False
    open_[_positions(table["extra"], days)] = True
    return days[open_]


def _frozen(days: Days) -> Days:
    days.flags.writeable = False
    return days


def _positions(by_year: dict[str, list[str]], days: Days) -> NDArray[np.int64]:
    positions: NDArray[np.int64] = (_dates(by_year) - days[0]).astype(np.int64)
    return positions


def _dates(by_year: dict[str, list[str]]) -> Days:
    return np.array([f"{year}-{day}" for year, month_days in by_year.items() for day in month_days], "datetime64[D]")
