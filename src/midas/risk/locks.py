"""Shares bought too late to be sold: where a venue keeps what was bought for its buyer for some sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from midas.core.errors import DataBlocked
from midas.venues.venue import Venue

LONGEST: Final = timedelta(days=40)
"""No lock lasts longer, whatever holidays lie between."""

Purchase = tuple[datetime, Decimal]
"""When, and how much; below 0 what was taken back."""


def locked_in(venue: Venue, purchases: Iterable[Purchase], session: date) -> Decimal | None:
    """Return how much of what was bought of one instrument may not be sold in `session`: sales come out of the rest.

    None where the calendar does not reach so far.
    """
    zone = ZoneInfo(venue.timezone)
    bought: defaultdict[date, Decimal] = defaultdict(Decimal)
    for stamp_utc, quantity in purchases:
        bought[stamp_utc.astimezone(zone).date()] += quantity
    kept = Decimal(0)
    try:
        for day, quantity in bought.items():
            if day + LONGEST >= session and _until(venue, day) > session:
                kept += quantity
    except DataBlocked:
        return None
    return max(kept, Decimal(0))


def quarter(stamp_utc: datetime) -> datetime:
    """Return when the quarter of an hour of a moment began: in no timezone there is has it a day other than its own."""
    return stamp_utc.replace(minute=stamp_utc.minute // 15 * 15, second=0, microsecond=0)


def _until(venue: Venue, day: date) -> date:
    lock = venue.sell_lock(day)
    return venue.calendar.next_session(day, lock) if lock else day
