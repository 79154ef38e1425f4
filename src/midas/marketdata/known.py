"""Fields that are known in advance: what the venue's calendar says of a session, and the board of an instrument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from midas.core.instrument import Instrument
from midas.marketdata.tiles import LANES, Tiles
from midas.venues.calendar import Calendar, Days
from midas.venues.expiry import days_to_expiry
from midas.venues.venue import Venue

Whole = NDArray[np.int64]

_WEEK_BEGINS = 3  # 1970-01-01 was a Thursday


def _day_of_week(_: Calendar, days: Days) -> Whole:
    return (days.astype(np.int64) + _WEEK_BEGINS) % 7 + 1


# The week is numbered in the year its Thursday lies in.
def _week_of_year(_: Calendar, days: Days) -> Whole:
    thursday = days - (days.astype(np.int64) + _WEEK_BEGINS) % 7 + 3
    return _since(thursday, "datetime64[Y]") // 7 + 1


def _day_of_month(_: Calendar, days: Days) -> Whole:
    return _since(days, "datetime64[M]") + 1


def _since(days: Days, period: str) -> Whole:
    begins = days.astype(period).astype("datetime64[D]")
    return days.astype(np.int64) - begins.astype(np.int64)


def _month_of_year(_: Calendar, days: Days) -> Whole:
    return days.astype("datetime64[M]").astype(np.int64) % 12 + 1


_OF_DAYS: Mapping[str, Callable[[Calendar, Days], Whole]] = MappingProxyType(
    {
        "day_of_week": _day_of_week,
        "week_of_year": _week_of_year,
        "day_of_month": _day_of_month,
        "month_of_year": _month_of_year,
        "is_week_end": lambda calendar, days: calendar.last_sessions("week", days).astype(np.int64),
        "is_month_end": lambda calendar, days: calendar.last_sessions("month", days).astype(np.int64),
        "is_quarter_end": lambda calendar, days: calendar.last_sessions("quarter", days).astype(np.int64),
        "session_of_month": lambda calendar, days: calendar.place_in("month", days)[0],
        "sessions_to_month_end": lambda calendar, days: calendar.place_in("month", days)[1],
    }
)

KNOWN = frozenset({*_OF_DAYS, "board", "days_to_expiry"})
"""The fields that no dataset stores."""


def known_tiles(
    name: str, venue: Venue, instruments: Sequence[Instrument], sessions: Days, lanes: int = LANES
) -> Tiles:
    """Return one of the fields of `KNOWN`, (tile, time, lane), read-only; nothing in it depends on later sessions.

    A board is its place among the venue's boards, from 0.
    """
    tiles = max(1, -(-len(instruments) // lanes))
    if name == "board":
        places = np.full(tiles * lanes, np.nan)
        places[: len(instruments)] = [_place(venue, one.board) for one in instruments]
        return np.repeat(places.reshape(tiles, 1, lanes), len(sessions), axis=1)
    days = sessions.astype("datetime64[D]")
    if name == "days_to_expiry":
        values = days_to_expiry(venue.mic, venue.calendar, days)
    else:
        values = _OF_DAYS[name](venue.calendar, days).astype(np.float64)
    return np.broadcast_to(np.repeat(values[:, None], lanes, axis=1), (tiles, len(sessions), lanes))


def _place(venue: Venue, board: str) -> int:
    found = venue.board(board)
    return venue.boards.index(found) if found in venue.boards else 0
