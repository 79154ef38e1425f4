"""When the month's listed options expire, as dated rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.venues.calendar import Calendar, Days

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
LAST = -1


@dataclass(frozen=True, slots=True)
class Expiry:
    """From the month of `first` on, options expire on the `which`-th `weekday` of the month, or on the `LAST` one.

    Where that is no session they expire on the one before, or, where `later`, on the one after. `verified` tells
    whether the source was seen.
    """

    mics: tuple[str, ...]
    first: date
    which: int
    weekday: int
    source: str
    later: bool = False
    verified: bool = False


EXPIRIES = (
    Expiry(("XKRX",), date.min, 2, THURSDAY, "KRX: KOSPI 200 options, the second Thursday of the month"),
    Expiry(("XNYS", "XNAS", "XASE", "ARCX", "BATS"), date.min, 3, FRIDAY, "OCC: last trading day, the third Friday"),
    Expiry(("XNSE", "XBOM"), date.min, LAST, THURSDAY, "NSE: the last Thursday of the month"),
    Expiry(("XNSE",), date(2025, 9, 1), LAST, TUESDAY, "NSE: the last Tuesday, from September 2025"),
    Expiry(("XBOM",), date(2025, 9, 1), LAST, THURSDAY, "BSE: the last Thursday, from September 2025"),
    Expiry(("XSHG", "XSHE"), date.min, 4, WEDNESDAY, "SSE and SZSE: fund options, the fourth Wednesday", later=True),
)


def days_to_expiry(mic: str, calendar: Calendar, days: Days) -> NDArray[np.float64]:
    """Return for each day the calendar days to the next expiry, 0 on the day itself; NaN at a venue without a rule."""
    rules = sorted((rule for rule in EXPIRIES if mic in rule.mics), key=lambda rule: rule.first)
    if not rules or not len(days):
        return np.full(len(days), np.nan)
    months = np.arange(days.min().astype("datetime64[M]"), days.max().astype("datetime64[M]") + 2)
    dates = np.empty(len(months), "datetime64[D]")
    for rule in rules:
        held = months >= np.datetime64(max(rule.first, date(1, 1, 1)), "M")
        dates[held] = _moved(_nominal(months[held], rule), calendar, rule)
    return (dates[np.searchsorted(dates, days)] - days).astype(np.float64)


def _nominal(months: NDArray[np.datetime64], rule: Expiry) -> Days:
    # counted in days since 1970-01-01, which was a Thursday
    begin, end = (at.astype("datetime64[D]").astype(np.int64) for at in (months, months + 1))
    if rule.which == LAST:
        numbers = end - 1 - (end - 1 + THURSDAY - rule.weekday) % 7
    else:
        numbers = begin + (rule.weekday - THURSDAY - begin) % 7 + 7 * (rule.which - 1)
    return numbers.astype("datetime64[D]")


def _moved(dates: Days, calendar: Calendar, rule: Expiry) -> Days:
    # Outside the table every weekday counts as a session.
    low, high = np.datetime64(calendar.first), np.datetime64(calendar.last)
    at = np.searchsorted(calendar.days, dates, side="left" if rule.later else "right") - (0 if rule.later else 1)
    known = (dates >= low) & (dates <= high) & (at >= 0) & (at < len(calendar.days))
    moved: Days = np.where(known, calendar.days[np.clip(at, 0, len(calendar.days) - 1)], dates)
    return moved
