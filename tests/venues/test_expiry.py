"""Expiry dates against dates that are known, and against a search day by day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from midas.venues.catalogue import venue
from midas.venues.expiry import days_to_expiry


def left(mic: str, *days: date) -> list[float]:
    return list(days_to_expiry(mic, venue(mic).calendar, np.array(days, "datetime64[D]")))


@pytest.mark.parametrize(
    ("mic", "expiry"),
    [
        ("XNAS", date(2014, 4, 17)),  # the third Friday was Good Friday
        ("XNYS", date(2008, 3, 20)),
        ("XNAS", date(2024, 1, 19)),
        ("XKRX", date(2024, 1, 11)),
        ("XNSE", date(2023, 3, 29)),  # the last Thursday was Ram Navami
        ("XNSE", date(2025, 8, 28)),
        ("XNSE", date(2025, 9, 30)),  # Tuesdays since
        ("XSHG", date(2023, 10, 25)),
    ],
)
def test_days_that_are_known(mic: str, expiry: date) -> None:
    week = [expiry - timedelta(back) for back in (7, 1, 0)]
    assert left(mic, *week) == [7, 1, 0]
    assert left(mic, expiry + timedelta(1))[0] > 20


def plain(mic: str, day: date) -> int:
    """Walk on from a day until one is an expiry."""
    calendar = venue(mic).calendar
    for ahead in range(80):
        month = (day + timedelta(ahead)).replace(day=1)
        days = [month + timedelta(at) for at in range(31) if (month + timedelta(at)).month == month.month]
        weekday, which, step = {"XKRX": (3, 1, -1), "XNAS": (4, 2, -1), "XSHG": (2, 3, 1)}[mic]
        expiry = [one for one in days if one.weekday() == weekday][which]
        while not calendar.is_session(expiry):
            expiry += timedelta(step)
        if expiry >= day:
            return (expiry - day).days
    raise AssertionError(day)


@pytest.mark.parametrize("mic", ["XKRX", "XNAS", "XSHG"])
def test_as_counted_day_by_day(mic: str) -> None:
    days = venue(mic).calendar.sessions(date(2005, 1, 3), date(2024, 12, 20)).tolist()[::7]
    assert left(mic, *days) == [plain(mic, day) for day in days]


def test_nothing_is_known_of_a_venue_without_a_rule() -> None:
    assert np.isnan(days_to_expiry("XLON", venue("XNAS").calendar, np.array(["2024-01-02"], "datetime64[D]"))).all()
