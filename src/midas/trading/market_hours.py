"""On which session an order would trade, and whether the venue takes it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from midas.core.errors import DataBlocked, InvalidInput
from midas.core.order import OrderIntent, TimeInForce
from midas.venues.calendar import Calendar


@dataclass(frozen=True, slots=True)
class Hours:
    """The session an order would trade on, and whether it is taken now: in its hours, or before it where it waits."""

    session: date
    open: bool


def hours_of(calendar: Calendar, intent: OrderIntent, now_utc: datetime) -> Hours | None:
    """Return what the calendar says of an order at `now_utc`; None where it does not know.

    An order for the next bar, or one that waits until it is cancelled, is taken at any hour; one for the day within its
    session alone.
    """
    try:
        today = now_utc.astimezone(ZoneInfo(calendar.timezone)).date()
        if not calendar.is_session(today):
            return Hours(calendar.next_session(today), _waits(intent))
        opens, closes = _hours(calendar, today)
        if opens is None or closes is None:
            return Hours(today, True)
        if now_utc >= closes:
            return Hours(calendar.next_session(today), _waits(intent))
        return Hours(today, _waits(intent) or now_utc >= opens)
    except DataBlocked:
        return None


def _hours(calendar: Calendar, day: date) -> tuple[datetime | None, datetime | None]:
    try:
        return calendar.hours_utc(day)
    except (DataBlocked, InvalidInput):
        # a calendar without hours: the whole day
        return None, None


def _waits(intent: OrderIntent) -> bool:
    return intent.time_in_force is not TimeInForce.DAY
