"""Settlement dates, against the schedules NASD published and by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.core.errors import DataBlocked
from midas.venues.catalogue import known_venues, venue

XKRX, XNYS = venue("XKRX"), venue("XNYS")


class TestUnitedStates:
    @pytest.mark.parametrize(
        ("year", "trade", "settles"),
        [
            # NASD Notice to Members 88-82, Veterans Day: five days.
            (1988, "11-03", "11-10"), (1988, "11-04", "11-14"), (1988, "11-09", "11-17"), (1988, "11-10", "11-18"),
            (1988, "11-11", "11-18"), (1988, "11-14", "11-21"), (1988, "11-17", "11-25"),
            # 92-54, Veterans Day: five days.
            (1992, "11-03", "11-10"), (1992, "11-04", "11-12"), (1992, "11-10", "11-18"), (1992, "11-11", "11-18"),
            # 95-77, Columbus Day: three days.
            (1995, "10-03", "10-06"), (1995, "10-04", "10-10"), (1995, "10-05", "10-11"), (1995, "10-06", "10-12"),
            (1995, "10-09", "10-12"), (1995, "10-10", "10-13"),
            # 99-83, Columbus Day.
            (1999, "10-05", "10-08"), (1999, "10-06", "10-12"), (1999, "10-07", "10-13"), (1999, "10-08", "10-14"),
            (1999, "10-11", "10-14"), (1999, "10-12", "10-15"),
        ],
    )  # fmt: skip
    def test_as_published(self, year: int, trade: str, settles: str) -> None:
        assert XNYS.settlement_date(date.fromisoformat(f"{year}-{trade}")) == date.fromisoformat(f"{year}-{settles}")

    @pytest.mark.parametrize(
        ("trade", "settles"),
        [
            # Three days, over Labor Day; from 2017-09-05 two.
            (date(2017, 9, 1), date(2017, 9, 7)),
            (date(2017, 9, 5), date(2017, 9, 7)),
            # Two days, over Memorial Day; from 2024-05-28 one.
            (date(2024, 5, 24), date(2024, 5, 29)),
            (date(2024, 5, 28), date(2024, 5, 29)),
            # 11 October 2024 was the Friday before Columbus Day.
            (date(2024, 10, 11), date(2024, 10, 15)),
            (date(2024, 10, 14), date(2024, 10, 15)),
        ],
    )
    def test_each_cycle(self, trade: date, settles: date) -> None:
        assert XNYS.settlement_date(trade) == settles


class TestKorea:
    @pytest.mark.parametrize(
        ("trade", "settles"),
        [
            (date(2024, 12, 26), date(2024, 12, 30)),
            (date(2024, 12, 27), date(2025, 1, 2)),
            (date(2024, 12, 30), date(2025, 1, 3)),
            (date(2019, 5, 30), date(2019, 6, 3)),
            (date(2026, 7, 15), date(2026, 7, 20)),
        ],
    )
    def test_second_session_after(self, trade: date, settles: date) -> None:
        assert XKRX.settlement_date(trade) == settles


@given(st.sampled_from(known_venues()), st.data())
def test_later_trades_never_settle_earlier(mic: str, data: st.DataObject) -> None:
    place = venue(mic)
    day = data.draw(st.dates(place.calendar.first, place.calendar.last - timedelta(days=366)))
    settles = place.settlement_date(day)
    assert day < settles
    assert place.calendar.is_session(settles)
    assert place.settlement_date(place.calendar.next_session(day)) >= settles


@given(st.dates(date(1986, 1, 1), date(2049, 1, 1)), st.sampled_from(["XKRX", "XNYS"]))
def test_first_trade_settling_from(boundary: date, mic: str) -> None:
    settlement = venue(mic).tables.settlement
    first = settlement.first_trade_settling_from(boundary)
    assert settlement.date_of(first) >= boundary
    assert settlement.date_of(venue(mic).calendar.previous_session(first)) < boundary


def test_outside_the_calendar() -> None:
    with pytest.raises(DataBlocked, match="covers 1952-09-29"):
        XNYS.settlement_date(date(1929, 10, 24))
    with pytest.raises(DataBlocked, match="ends on 2049-12-31"):
        XKRX.settlement_date(date(2049, 12, 30))


def test_generic_venue_settles_at_once() -> None:
    assert venue("XBOM", "INR").settlement_date(date(2024, 12, 27)) == date(2024, 12, 27)
