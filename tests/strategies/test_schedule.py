"""When a strategy speaks."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from midas.core.basis import Basis
from midas.core.errors import StrategyInvalid
from midas.core.timeframe import Timeframe
from midas.marketdata.panel import Panel
from midas.strategies.schedule import Every, read_every, speaking_rows
from midas.venues.calendar import Calendar
from midas.venues.catalogue import venue

KOREA = venue("XKRX").calendar
UNITED_STATES = venue("XNYS").calendar
PERIODIC = (Every.WEEK_END, Every.MONTH_END, Every.QUARTER_END, Every.YEAR_END)


def days(*texts: str) -> NDArray[np.datetime64]:
    return np.array(texts, dtype="datetime64[D]")


def panel_of(sessions: NDArray[np.datetime64]) -> Panel:
    """A panel of rows, without instruments."""
    return Panel("made", "v1", "XNYS", Timeframe(1, "d"), Basis.RAW, "USD", (), sessions, {})


def spoken(every: Every, sessions: NDArray[np.datetime64], calendar: Calendar = KOREA) -> list[str]:
    return [str(day) for day in sessions[speaking_rows(every, calendar, panel_of(sessions), 0, len(sessions))]]


def period_of(every: Every, day: date) -> tuple[int, ...]:
    return {
        Every.WEEK_END: day.isocalendar()[:2],
        Every.MONTH_END: (day.year, day.month),
        Every.QUARTER_END: (day.year, (day.month - 1) // 3),
        Every.YEAR_END: (day.year,),
    }[every]


def slow_rows(every: Every, calendar: Calendar, sessions: list[date], first: int, stop: int) -> list[int]:
    found = []
    for row in range(first, stop):
        day = sessions[row]
        later = day + timedelta(days=1)
        while not calendar.is_session(later) and calendar.unscheduled.get(later, day) <= day:
            later += timedelta(days=1)
        if calendar.is_session(day) and period_of(every, later) != period_of(every, day):
            found.append(row)
    return found


class TestEvery:
    def test_is_written_as_in_a_file(self) -> None:
        for every in Every:
            assert getattr(Every, every.value) is every

    def test_a_misspelt_schedule_is_suggested(self) -> None:
        with pytest.raises(StrategyInvalid) as caught:
            read_every("monthend")
        assert "cannot speak every 'monthend'" in caught.value.message
        assert "'month_end'" in caught.value.hint

    @pytest.mark.parametrize("value", [None, 1, [], "MONTH_END", ""])
    def test_nothing_else_is_a_schedule(self, value: object) -> None:
        with pytest.raises(StrategyInvalid):
            read_every(value)


class TestSpeakingRows:
    def test_korea_ends_its_year_a_day_early(self) -> None:
        # KRX is closed on 31 December, and 2024-12-30 was a Monday.
        sessions = days("2024-12-26", "2024-12-27", "2024-12-30", "2025-01-02")
        assert spoken(Every.MONTH_END, sessions) == ["2024-12-30"]
        assert spoken(Every.YEAR_END, sessions) == ["2024-12-30"]
        assert spoken(Every.WEEK_END, sessions) == ["2024-12-27"]

    def test_good_friday_moves_the_week_end(self) -> None:
        # NYSE was closed on Friday 2024-03-29, so March, its quarter and its week ended on Thursday.
        sessions = days("2024-03-27", "2024-03-28", "2024-04-01")
        for every in (Every.WEEK_END, Every.MONTH_END, Every.QUARTER_END):
            assert spoken(every, sessions, UNITED_STATES) == ["2024-03-28"]

    def test_a_week_that_nobody_knew_was_over_is_silent(self) -> None:
        # Nobody knew on Monday, 2001-09-10, that New York would open on the 17th next.
        sessions = days("2001-09-07", "2001-09-10", "2001-09-17", "2001-09-21")
        assert spoken(Every.WEEK_END, sessions, UNITED_STATES) == ["2001-09-07", "2001-09-21"]
        # The mourning of Friday, 2004-06-11, was known from Monday on.
        sessions = days("2004-06-04", "2004-06-09", "2004-06-10", "2004-06-14")
        assert spoken(Every.WEEK_END, sessions, UNITED_STATES) == ["2004-06-04", "2004-06-10"]
        # Shanghai was to open again on the last day of January 2020.
        china = venue("XSHG").calendar
        sessions = days("2020-01-22", "2020-01-23", "2020-02-03", "2020-02-28")
        assert spoken(Every.MONTH_END, sessions, china) == ["2020-02-28"]
        assert spoken(Every.WEEK_END, sessions, china) == ["2020-01-23", "2020-02-28"]

    def test_a_period_whose_last_session_is_missing_is_silent(self) -> None:
        assert spoken(Every.MONTH_END, days("2024-03-27", "2024-04-01"), UNITED_STATES) == []

    def test_the_last_row_of_the_data_is_no_month_end(self) -> None:
        assert spoken(Every.MONTH_END, days("2024-03-26", "2024-03-27"), UNITED_STATES) == []

    @pytest.mark.parametrize("every", [Every.BAR, Every.CHANGE, Every.ONCE])
    def test_without_a_calendar_every_row_is_read(self, every: Every) -> None:
        sessions = days("2024-03-26", "2024-03-27", "2024-03-28")
        rows = speaking_rows(every, UNITED_STATES, panel_of(sessions), 1, 3)
        assert rows.tolist() == [1, 2]
        assert rows.dtype == np.int64

    @pytest.mark.parametrize("every", list(Every))
    @pytest.mark.parametrize(("first", "stop"), [(2, 2), (3, 1), (0, 0), (5, 9), (-4, 0)])
    def test_an_empty_range_has_no_rows(self, every: Every, first: int, stop: int) -> None:
        sessions = days("2024-03-26", "2024-03-27", "2024-03-28")
        rows = speaking_rows(every, UNITED_STATES, panel_of(sessions), first, stop)
        assert rows.tolist() == []
        assert rows.dtype == np.int64

    @settings(deadline=None)
    @given(
        every=st.sampled_from(PERIODIC),
        calendar=st.sampled_from([KOREA, UNITED_STATES]),
        start=st.dates(date(1999, 1, 1), date(2024, 6, 1)),
        length=st.integers(1, 400),
        holes=st.sets(st.integers(0, 399), max_size=60),
        data=st.data(),
    )
    def test_equals_asking_the_calendar_day_by_day(
        self, every: Every, calendar: Calendar, start: date, length: int, holes: set[int], data: st.DataObject
    ) -> None:
        known = calendar.sessions(start, start + timedelta(days=length))
        sessions = known[[row not in holes for row in range(len(known))]]
        first = data.draw(st.integers(0, len(sessions)))
        stop = data.draw(st.integers(first, len(sessions)))
        rows = speaking_rows(every, calendar, panel_of(sessions), first, stop).tolist()
        assert rows == slow_rows(every, calendar, [day.item() for day in sessions], first, stop)
