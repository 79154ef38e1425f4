"""Sessions and hours, told apart from the library the tables were made with."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.core.errors import DataBlocked, InvalidInput
from midas.venues.calendar import Calendar, Period
from midas.venues.catalogue import venue
from midas.venues.session_table import weekday_calendar

KRX = venue("XKRX").calendar
NYSE = venue("XNYS").calendar
ONE_DAY = timedelta(days=1)

# Holidays that exchange-calendars 4.13 does not know, and days it takes for holidays that were none.
KRX_ALSO_CLOSED = {
    "1985-12-28", "1986-12-27", "1988-09-17", "1990-12-29", "1991-12-28", "1995-06-27", "1995-12-28", "1996-04-11",
    "1996-11-23", "1996-12-28", "1998-06-04", "2026-06-03",
}  # fmt: skip
KRX_ALSO_OPEN = {"1989-10-12", "1992-12-28", "1993-07-07", "1994-01-03", "1994-02-14", "1994-05-20"}
SATURDAYS_END = date(1998, 12, 5)


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return importlib.import_module("exchange_calendars")  # seconds to import, so only for those who ask


def days_of(calendar: Calendar) -> set[date]:
    return set(calendar.days.tolist())


def is_constitution_day(day: date) -> bool:
    # 17 July since 2026, moved to Monday from a weekend.
    return day.year >= 2026 and day.month == 7 and (day.day == 17 or (day.day in (18, 19) and day.isoweekday() == 1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library lags behind pandas
class TestAgainstTheLibrary:
    def test_new_york_has_the_same_sessions_since_1970(self, library: ModuleType) -> None:
        # Before, the library forgets its own regular holidays, e.g. Good Friday 1968.
        theirs = library.get_calendar("XNYS", start="1970-01-01", end="2050-12-31").sessions
        ours = {day for day in days_of(NYSE) if day.year >= 1970}
        assert ours == {day.date() for day in theirs if day.year < 2050}

    def test_korean_weekdays_differ_only_where_overridden(self, library: ModuleType) -> None:
        theirs = library.get_calendar("XKRX", start="1985-01-01", end="2050-12-31").sessions
        theirs = {day.date() for day in theirs if day.year < 2050}
        ours = {day for day in days_of(KRX) if day.isoweekday() < 6}
        gone = {str(day) for day in theirs - ours if not is_constitution_day(day)}
        assert gone == {day for day in KRX_ALSO_CLOSED if date.fromisoformat(day).isoweekday() < 6}
        assert {str(day) for day in ours - theirs} == KRX_ALSO_OPEN

    def test_korean_saturdays_are_those_the_library_does_not_close(self, library: ModuleType) -> None:
        calendar = library.get_calendar("XKRX", start="1985-01-01", end="1999-12-31")
        holidays = {day.date() for day in calendar.regular_holidays.holidays("1985-01-01", "1999-12-31")}
        holidays |= {day.date() for day in calendar.adhoc_holidays}
        saturdays = {date(1985, 1, 5) + step * 7 * ONE_DAY for step in range(52 * 14 + 20)}
        expected = {
            day for day in saturdays if day <= SATURDAYS_END and day not in holidays and str(day) not in KRX_ALSO_CLOSED
        }
        assert {day for day in days_of(KRX) if day.isoweekday() == 6} == expected

    def test_shanghai_has_the_same_sessions(self, library: ModuleType) -> None:
        theirs = library.get_calendar("XSHG", start="1990-12-19").sessions
        assert days_of(venue("XSHG").calendar) == {day.date() for day in theirs}

    def test_india_has_sessions_on_diwali_and_some_weekends_too(self, library: ModuleType) -> None:
        theirs = {day.date() for day in library.get_calendar("XBOM", start="1997-01-01").sessions}
        ours = days_of(venue("XNSE").calendar)
        assert theirs < ours
        weekdays = {str(day) for day in ours - theirs if day.isoweekday() < 6}
        assert weekdays == {
            "2014-10-23", "2015-11-11", "2017-10-19", "2018-11-07", "2021-11-04", "2022-10-24", "2024-11-01",
            "2025-10-21",
        }  # fmt: skip
        assert len(ours - theirs) == 32

    @pytest.mark.parametrize("mic", ["XNYS", "XKRX"])
    def test_hours_since_2000(self, library: ModuleType, mic: str) -> None:
        # The library lists exam days up to 2020 only, and misses the late opening of 2000.
        calendar = venue(mic).calendar
        schedule = library.get_calendar(mic, start="2000-01-05", end="2020-12-31").schedule
        for row in schedule.itertuples():
            hours = calendar.hours_utc(row.Index.date())
            assert hours == (row.open.to_pydatetime(), row.close.to_pydatetime()), row.Index


class TestKoreanDays:
    @pytest.mark.parametrize(
        "day", ["2026-06-03", "2026-07-17", "2027-07-19", "2025-06-03", "2024-12-31", "2024-05-01"]
    )
    def test_closed(self, day: str) -> None:
        assert not KRX.is_session(date.fromisoformat(day))

    @pytest.mark.parametrize("day", ["2026-06-02", "2026-07-16", "2025-11-13", "1998-12-05", "1990-09-15"])
    def test_open(self, day: str) -> None:
        assert KRX.is_session(date.fromisoformat(day))

    def test_saturdays_end_in_december_1998(self) -> None:
        assert KRX.next_session(date(1998, 12, 5)) == date(1998, 12, 7)
        assert not KRX.is_session(date(1998, 12, 12))

    @pytest.mark.parametrize(
        "day", ["2025-11-13", "2024-11-14", "2023-11-16", "2022-11-17", "2021-11-18", "2026-11-19", "2020-12-03"]
    )
    def test_exam_day_is_an_hour_late(self, day: str) -> None:
        # 10:00 to 16:30 in Seoul, nine hours ahead of UTC.
        when = date.fromisoformat(day)
        opens, closes = KRX.hours_utc(when)
        assert (opens.time().isoformat(), closes.time().isoformat()) == ("01:00:00", "07:30:00")
        assert opens.date() == closes.date() == when

    @pytest.mark.parametrize("day", ["2026-01-02", "2025-01-02", "2023-01-02", "2000-01-04", "2027-01-04"])
    def test_first_session_of_a_year_opens_at_ten(self, day: str) -> None:
        opens, _ = KRX.hours_utc(date.fromisoformat(day))
        assert opens.hour == 1

    def test_ordinary_day(self) -> None:
        hours = KRX.hours_utc(date(2026, 1, 5))
        assert hours == (datetime(2026, 1, 5, 0, 0, tzinfo=UTC), datetime(2026, 1, 5, 6, 30, tzinfo=UTC))

    def test_closed_at_three_until_august_2016(self) -> None:
        assert KRX.hours_utc(date(2016, 7, 29))[1].hour == 6
        assert KRX.hours_utc(date(2016, 7, 29))[1].minute == 0
        assert KRX.hours_utc(date(2016, 8, 1))[1].minute == 30

    def test_summer_time_of_1988(self) -> None:
        # Clocks in Seoul were ten hours ahead that summer: 09:40 was 23:40 UTC of the day before.
        assert KRX.hours_utc(date(1988, 7, 1))[0] == datetime(1988, 6, 30, 23, 40, tzinfo=UTC)

    def test_saturdays_had_a_morning_only(self) -> None:
        opens, closes = KRX.hours_utc(date(1996, 6, 1))
        assert closes - opens == timedelta(hours=2)


class TestNewYorkDays:
    @pytest.mark.parametrize(
        "day",
        [
            "2001-09-11",
            "2001-09-14",
            "2012-10-29",
            "2012-10-30",
            "2018-12-05",
            "2025-01-09",
            "2021-12-24",
            "1968-04-12",
        ],
    )
    def test_closed(self, day: str) -> None:
        assert not NYSE.is_session(date.fromisoformat(day))

    def test_early_close(self) -> None:
        # 13:00 in New York, five hours behind UTC in November.
        assert NYSE.hours_utc(date(2024, 11, 29))[1] == datetime(2024, 11, 29, 18, 0, tzinfo=UTC)

    def test_daylight_saving_moves_utc_not_new_york(self) -> None:
        assert NYSE.hours_utc(date(2024, 3, 8))[0] == datetime(2024, 3, 8, 14, 30, tzinfo=UTC)
        assert NYSE.hours_utc(date(2024, 3, 11))[0] == datetime(2024, 3, 11, 13, 30, tzinfo=UTC)

    def test_ten_o_clock_until_1985(self) -> None:
        assert NYSE.hours_utc(date(1985, 9, 26))[0] == datetime(1985, 9, 26, 14, 0, tzinfo=UTC)
        assert NYSE.hours_utc(date(1985, 9, 30))[0] == datetime(1985, 9, 30, 13, 30, tzinfo=UTC)

    def test_half_past_three_until_october_1974(self) -> None:
        assert NYSE.hours_utc(date(1974, 9, 30))[1] == datetime(1974, 9, 30, 19, 30, tzinfo=UTC)
        assert NYSE.hours_utc(date(1974, 10, 1))[1] == datetime(1974, 10, 1, 20, 0, tzinfo=UTC)


class TestWalking:
    def test_hours_of_a_day_without_session_are_refused(self) -> None:
        with pytest.raises(InvalidInput, match="no session on 2026-07-17"):
            KRX.hours_utc(date(2026, 7, 17))

    @pytest.mark.parametrize("day", [date(1984, 12, 31), date(2050, 1, 1)])
    def test_outside_the_table_is_blocked_and_names_the_range(self, day: date) -> None:
        for ask in (KRX.is_session, KRX.next_session, KRX.previous_session, KRX.hours_utc):
            with pytest.raises(DataBlocked, match="covers 1985-01-01 to 2049-12-31"):
                ask(day)
        with pytest.raises(DataBlocked, match="covers"):
            KRX.sessions(min(day, date(2000, 1, 1)), max(day, date(2000, 1, 1)))

    def test_walking_off_the_table_is_blocked(self) -> None:
        with pytest.raises(DataBlocked, match="covers"):
            KRX.previous_session(date(1985, 1, 2))
        with pytest.raises(DataBlocked, match="covers"):
            KRX.next_session(date(2049, 12, 31))

    def test_counts(self) -> None:
        assert KRX.next_session(date(2024, 12, 27), 2) == date(2025, 1, 2)
        assert KRX.previous_session(date(2025, 1, 2), 2) == date(2024, 12, 27)

    @given(st.dates(date(1990, 1, 1), date(2045, 1, 1)), st.integers(1, 30), st.sampled_from([KRX, NYSE]))
    def test_steps_are_consistent(self, day: date, count: int, calendar: Calendar) -> None:
        later = calendar.next_session(day, count)
        assert calendar.is_session(later)
        assert len(calendar.sessions(day + ONE_DAY, later)) == count
        earlier = calendar.previous_session(day, count)
        assert len(calendar.sessions(earlier, day - ONE_DAY)) == count
        assert calendar.is_session(day) == (calendar.next_session(day - ONE_DAY) == day)

    def test_range_is_inclusive(self) -> None:
        found = KRX.sessions(date(2026, 1, 2), date(2026, 1, 6))
        assert found.tolist() == [date(2026, 1, 2), date(2026, 1, 5), date(2026, 1, 6)]
        assert KRX.sessions(date(2026, 7, 17), date(2026, 7, 17)).tolist() == []


def period_of(period: Period, day: date) -> tuple[int, int]:
    if period == "week":
        return day.isocalendar()[:2]
    return day.year, {"month": day.month, "quarter": (day.month - 1) // 3, "year": 0}[period]


class TestLastSessions:
    @pytest.mark.parametrize("period", ["week", "month", "quarter", "year"])
    @pytest.mark.parametrize("calendar", [KRX, NYSE], ids=["XKRX", "XNYS"])
    def test_the_next_session_is_in_another_period(self, calendar: Calendar, period: Period) -> None:
        days = calendar.days[:-1]
        dates = calendar.days.tolist()
        expected = [period_of(period, day) != period_of(period, after) for day, after in pairwise(dates)]
        for closed, known in calendar.unscheduled.items():
            before = calendar.previous_session(closed)
            if before < known and period_of(period, before) == period_of(period, closed):
                expected[dates.index(before)] = False
        assert calendar.last_sessions(period, days).tolist() == expected

    @settings(deadline=None)
    @given(
        st.lists(st.dates(date(1970, 1, 1), date(2070, 1, 1)), min_size=1, unique=True), st.sampled_from([KRX, NYSE])
    )
    def test_asking_for_some_answers_as_for_all(self, days: list[date], calendar: Calendar) -> None:
        array = np.array(sorted(days), "datetime64[D]")
        for period in ("week", "month", "quarter", "year"):
            together = calendar.last_sessions(period, array)
            alone = [bool(calendar.last_sessions(period, array[i : i + 1])[0]) for i in range(len(array))]
            assert together.tolist() == alone

    def test_month_end_is_the_calendars_not_the_datas(self) -> None:
        # October 2024 ended on Thursday 31st; data that stops on the 30th has no month end.
        days = np.array(["2024-10-29", "2024-10-30"], "datetime64[D]")
        assert KRX.last_sessions("month", days).tolist() == [False, False]
        assert KRX.last_sessions("month", np.array(["2024-10-31"], "datetime64[D]")).tolist() == [True]

    def test_year_ends_on_the_thirtieth_in_korea(self) -> None:
        days = np.array(["2024-12-30", "2024-12-31"], "datetime64[D]")
        assert KRX.last_sessions("year", days).tolist() == [True, False]

    def test_a_day_without_session_is_never_last(self) -> None:
        saturday_month_end = np.array(["2024-11-30"], "datetime64[D]")
        assert not KRX.last_sessions("month", saturday_month_end)[0]

    def test_outside_the_table_weekdays_count(self) -> None:
        # 31 May 1929 was a Friday; 30 and 31 January 2060 are a Friday and a Saturday.
        days = np.array(["1929-05-30", "1929-05-31", "2060-01-30", "2060-01-31"], "datetime64[D]")
        assert NYSE.last_sessions("month", days).tolist() == [False, True, True, False]

    def test_none_asked(self) -> None:
        assert NYSE.last_sessions("month", np.array([], "datetime64[D]")).tolist() == []

    def test_unknown_period(self) -> None:
        with pytest.raises(InvalidInput, match=r"'moth'.*month"):
            NYSE.last_sessions("moth", NYSE.days)  # type: ignore[arg-type]


def with_closings(calendar: Calendar, drawn: list[tuple[int, int]]) -> Calendar:
    """The calendar with more sessions closed, each so many days after it was known."""
    more = {calendar.days[place].item(): notice for place, notice in drawn}
    closings = {day: day - timedelta(days=notice) for day, notice in more.items()}
    days = np.setdiff1d(calendar.days, np.array([*more], "datetime64[D]"))
    return replace(calendar, days=days, unscheduled={**calendar.unscheduled, **closings})


def known_on(calendar: Calendar, day: date) -> Calendar:
    """The calendar as it stood at the close of a day: what was closed without notice later was to open."""
    surprises = [closed for closed, known in calendar.unscheduled.items() if known > day]
    days = np.union1d(calendar.days, np.array(surprises, "datetime64[D]"))
    told = {closed: known for closed, known in calendar.unscheduled.items() if known <= day}
    return replace(calendar, days=days, unscheduled=told)


CHINA, INDIA = venue("XSHG").calendar, venue("XNSE").calendar
SURPRISED = [NYSE, KRX, CHINA, INDIA]
closings = st.lists(st.tuples(st.integers(3000, 3300), st.integers(0, 12)), max_size=40)


class TestClosingsOnShortNotice:
    @pytest.mark.parametrize("calendar", SURPRISED, ids=lambda each: each.name)
    def test_they_are_closed_and_known_no_later_than_that_day(self, calendar: Calendar) -> None:
        assert calendar.unscheduled
        for closed, known in calendar.unscheduled.items():
            assert known <= closed
            assert not calendar.is_session(closed)

    @settings(deadline=None)
    @given(calendar=st.sampled_from(SURPRISED), drawn=closings, place=st.integers(2950, 3250))
    def test_each_day_goes_by_the_calendar_of_that_day(
        self, calendar: Calendar, drawn: list[tuple[int, int]], place: int
    ) -> None:
        calendar = with_closings(calendar, drawn)
        day = calendar.days[place]
        then = replace(known_on(calendar, day.item()), unscheduled={})
        for period in ("week", "month", "quarter", "year"):
            own = [each for each in then.days[place - 400 : place + 400] if same(period, each, day)]
            asked = calendar.days[place - 30 : place + 1]
            assert calendar.last_sessions(period, asked)[-1] == (own[-1] == day)
            until, after = calendar.place_in(period, asked)
            assert int(after[-1]) == len(own) - 1 - own.index(day)
            assert int(until[-1]) == own.index(day) + 1

    @settings(deadline=None)
    @given(calendar=st.sampled_from(SURPRISED), drawn=closings, stop=st.integers(2950, 3250))
    def test_what_comes_to_be_known_later_changes_nothing_before(
        self, calendar: Calendar, drawn: list[tuple[int, int]], stop: int
    ) -> None:
        calendar = with_closings(calendar, drawn)
        until = calendar.days[2900:stop]
        cut = known_on(calendar, until[-1].item())
        for period in ("week", "month", "quarter", "year"):
            np.testing.assert_array_equal(calendar.last_sessions(period, until), cut.last_sessions(period, until))
            np.testing.assert_array_equal(calendar.place_in(period, until)[1], cut.place_in(period, until)[1])

    @pytest.mark.parametrize(
        ("calendar", "day", "period", "last", "left"),
        [
            (NYSE, "2001-09-10", "week", False, 4),
            (NYSE, "2004-06-04", "month", False, 18),  # the mourning of the 11th was proclaimed on the 5th or later
            (NYSE, "2004-06-07", "month", False, 16),
            (NYSE, "2004-06-10", "week", True, 0),
            (NYSE, "2012-10-26", "month", False, 3),
            (NYSE, "2012-10-31", "month", True, 0),
            (CHINA, "2020-01-23", "month", False, 1),
            (CHINA, "2020-01-23", "week", True, 0),
            (KRX, "2015-08-13", "week", True, 0),
        ],
    )
    def test_by_hand(self, calendar: Calendar, day: str, period: Period, last: bool, left: int) -> None:
        days = np.array([day], "datetime64[D]")
        assert calendar.last_sessions(period, days).tolist() == [last]
        assert calendar.place_in(period, days)[1].tolist() == [left]


def same(period: Period, one: np.datetime64, other: np.datetime64) -> bool:
    return period_of(period, one.item()) == period_of(period, other.item())


class TestGeneric:
    def test_every_weekday(self) -> None:
        calendar = weekday_calendar("XBOM")
        week = calendar.sessions(date(2024, 12, 23), date(2024, 12, 29))
        assert len(week) == 5

    def test_hours_are_not_known(self) -> None:
        with pytest.raises(DataBlocked, match="hours of XBOM"):
            weekday_calendar("XBOM").hours_utc(date(2024, 12, 24))


def test_tables_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        KRX.days[0] = np.datetime64("2000-01-01")
