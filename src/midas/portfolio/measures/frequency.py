"""How many periods a year has."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from midas.portfolio.measures.sample import DAYS_PER_YEAR
from midas.venues.calendar import Calendar


def sessions_per_year(calendar: Calendar, first: date, last: date) -> float | None:
    """Return the exchange's sessions in the calendar years from `first`'s to `last`'s, per year of 365.2425 days.

    Years are cut where the calendar begins and ends; None where it does not touch them.
    """
    start, end = max(date(first.year, 1, 1), calendar.first), min(date(last.year, 12, 31), calendar.last)
    if end - start < timedelta(days=364):
        start, end = max(date(last.year - 1, 1, 1), calendar.first), min(date(last.year, 12, 31), calendar.last)
    if end <= start:
        return None
    return len(calendar.sessions(start, end)) / (((end - start).days + 1) / DAYS_PER_YEAR)


def rows_per_year(sessions: NDArray[np.datetime64]) -> float:
    """Return how many of the sessions there are in a year; 1 for a single one."""
    days = float((sessions[-1] - sessions[0]) / np.timedelta64(1, "D")) if len(sessions) else 0.0
    return (len(sessions) - 1) / (days / DAYS_PER_YEAR) if days > 0 else 1.0
