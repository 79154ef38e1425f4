"""When trades settle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked
from midas.venues.calendar import Calendar, Days
from midas.venues.dated import Dated

UNSETTLED_BUYS = ("freely", "held_back", "nothing")
"""What the proceeds of a sale may do before they settle: buy as any money, buy what is then kept until they did, or not
buy."""


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """A trade settles `lag` settlement days after its trade date; those are the sessions on which banks are open."""

    calendar: Calendar
    lag: Dated[int]
    unsettled_buys: Dated[str]

    def date_of(self, day: date) -> date:
        """Return the settlement date of a trade made on `day`.

        Raises
        ------
        DataBlocked: the calendar does not reach that far.
        """
        lag = self.lag.at(day)
        if not lag:
            return day
        self.calendar.require(day)
        days = self.calendar.settlement_days
        index = int(np.searchsorted(days, np.datetime64(day), side="right")) + lag - 1
        if index >= len(days):
            raise DataBlocked(
                f"When a trade of {day} settles is not known.",
                hint=f"The calendar of {self.calendar.name} ends on {self.calendar.last}.",
                code="calendar_range",
            )
        found: date = days[index].item()
        return found

    def dates_of(self, days: Days) -> Days:
        """Return the settlement dates of trades made on ascending `days`; the day itself where the calendar ends."""
        traded: Days = days.astype("datetime64[D]")
        return np.where(self._settles(traded) > traded, self._settles(traded), traded)

    def first_trade_settling_from(self, boundary: date) -> date:
        """Return the first trade date that settles on or after `boundary`; `boundary` itself outside the calendar."""
        days = self.calendar.settlement_days
        first = int(np.searchsorted(days, np.datetime64(boundary)))
        longest = max(self.lag.values)
        if first < longest or first == len(days):
            return boundary
        # Between two settlement days every trade date settles alike, so only they can be the first.
        candidates = days[first - longest : first + 1]
        settles = self._settles(candidates)
        found: date = candidates[np.searchsorted(settles, np.datetime64(boundary))].item()
        return found

    def _settles(self, trade_days: Days) -> Days:
        days = self.calendar.settlement_days
        lags = np.array(self.lag.values, np.int64)[self.lag.along(trade_days)]
        index: NDArray[np.int64] = np.searchsorted(days, trade_days, side="right") + lags - 1
        return days[np.clip(index, 0, len(days) - 1)]
