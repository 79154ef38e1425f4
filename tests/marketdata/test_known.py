"""What is known in advance: against the standard library's dates and the venue's own list of sessions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.factors.markets import bars, panel_of, values

from midas.core.instrument import Instrument, InstrumentId
from midas.factors.plan import compile_plan
from midas.factors.stepper import Stepper
from midas.factors.text import parse
from midas.marketdata.known import KNOWN, known_tiles
from midas.venues.catalogue import venue

KRX = venue("XKRX")
NYSE = venue("XNAS")
DAYS = NYSE.calendar.sessions(date(2015, 11, 20), date(2021, 2, 10))
NAMES = tuple(Instrument(InstrumentId(f"S{i:03}", "XNAS")) for i in range(40))
CALENDAR = sorted(KNOWN - {"board"})


def of_name(name: str, days: np.ndarray = DAYS) -> list[float]:
    tiles = known_tiles(name, NYSE, NAMES, days)
    assert tiles.shape == (2, len(days), 32)
    assert (tiles == tiles[:1, :, :1]).all()
    return list(tiles[0, :, 0])


def sessions_in_month(day: date) -> list[date]:
    last = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return [each for each in NYSE.calendar.sessions(day.replace(day=1), last).tolist() if each.month == day.month]


class TestDays:
    def test_dates_are_those_of_the_standard_library(self) -> None:
        days = DAYS.tolist()
        assert of_name("day_of_week") == [day.isoweekday() for day in days]
        assert of_name("week_of_year") == [day.isocalendar().week for day in days]
        assert of_name("day_of_month") == [day.day for day in days]
        assert of_name("month_of_year") == [day.month for day in days]

    def test_places_in_the_month_are_counted_in_sessions(self) -> None:
        days = DAYS.tolist()
        places = [sessions_in_month(day).index(day) for day in days]
        assert of_name("session_of_month") == [place + 1 for place in places]
        expected = [len(sessions_in_month(day)) - 1 - place for day, place in zip(days, places, strict=True)]
        assert of_name("sessions_to_month_end") == expected
        assert of_name("is_month_end") == [float(left == 0) for left in expected]

    def test_the_last_session_of_a_week_and_a_quarter(self) -> None:
        days = DAYS.tolist()
        ends = {day.isocalendar()[:2]: day for day in days}
        week_ends = set(ends.values()) - {days[-1]}
        assert of_name("is_week_end")[:-1] == [float(day in week_ends) for day in days[:-1]]
        ends_of_quarter = {(day.year, (day.month - 1) // 3): day for day in days[:-1]}
        found = [day for day, last in zip(days, of_name("is_quarter_end"), strict=True) if last]
        assert found == list(ends_of_quarter.values())[:-1]

    @pytest.mark.parametrize("name", CALENDAR)
    def test_a_day_alone_says_the_same(self, name: str) -> None:
        # Live there is no later session to look at.
        some = range(3, len(DAYS), 97)
        assert [of_name(name)[at] for at in some] == [of_name(name, DAYS[at : at + 1])[0] for at in some]


class TestBoard:
    def test_is_its_place_in_the_venues_list(self) -> None:
        boards = ("KOSDAQ", "", "KOSPI", "KONEX")
        names = [Instrument(InstrumentId(f"{i:06}", "XKRX"), board=board) for i, board in enumerate(boards)]
        tiles = known_tiles("board", KRX, names, DAYS[:3])
        order = [KRX.boards.index(board or KRX.default_board) for board in boards]
        assert tiles[0, :, :4].tolist() == [order] * 3
        assert np.isnan(tiles[0, :, 4:]).all()

    def test_is_one_group_where_a_venue_has_one(self) -> None:
        assert set(known_tiles("board", NYSE, NAMES[:32], DAYS[:2]).ravel()) == {0.0}


class TestInAStrategy:
    PANEL = panel_of(bars(70, 70, seed=5, gaps=0.05))

    def test_a_field_reaches_every_tile_and_both_kinds_of_stage(self) -> None:
        close, month = self.PANEL.matrix("close"), self.PANEL.matrix("month_of_year")
        np.testing.assert_array_equal(values("close * month_of_year", self.PANEL), close * month)
        one_group = values("close.demean()", self.PANEL)
        np.testing.assert_allclose(values("close.group_demean(day_of_month)", self.PANEL), one_group, rtol=1e-9)
        np.testing.assert_array_equal(values("close.shift(3).where(is_month_end)", self.PANEL).shape, close.shape)

    def test_row_by_row(self) -> None:
        plan = compile_plan(parse("(close > open).first_in(month_of_year) | (is_week_end & (day_of_week > 3))"))
        stepper = Stepper(plan, self.PANEL.columns)
        batch = values("(close > open).first_in(month_of_year) | (is_week_end & (day_of_week > 3))", self.PANEL)
        for row in range(self.PANEL.rows):
            day = self.PANEL.sessions[row : row + 1]
            given = {
                name: known_tiles(name, NYSE, self.PANEL.instruments, day)[:, 0].ravel()[: self.PANEL.columns]
                if name in KNOWN
                else self.PANEL.matrix(name)[row]
                for name in plan.fields
            }
            np.testing.assert_array_equal(stepper.step(given), batch[row])
