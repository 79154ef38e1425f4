"""The float arrays say what the exact methods say."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.core.errors import InvalidInput
from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import Side
from midas.venues.arrays import rule_arrays
from midas.venues.calendar import Days
from midas.venues.catalogue import venue
from midas.venues.rules import RuleArrays
from midas.venues.settlement import UNSETTLED_BUYS
from midas.venues.venue import Venue

D = Decimal
VENUES = [venue("XKRX"), venue("XNAS"), venue("XBOM", "INR"), venue("XNSE"), venue("XSHE")]
MINOR = {"XKRX": D(1), "XNAS": D("0.01"), "XNSE": D("0.01"), "XSHE": D("0.01"), "XBOM": D("0.01")}


def instrument(board: str = "", kind: str = "stock", symbol: str = "A") -> Instrument:
    return Instrument(InstrumentId(symbol, "XKRX"), board=board, kind=kind)


def exact(number: float) -> Decimal:
    # The shortest decimal that names this float is the one the tables hold.
    return D(repr(float(number)))


class Reader:
    """Reads the arrays of one instrument and session without sharing code with the venue."""

    def __init__(self, arrays: RuleArrays, column: int, row: int) -> None:
        self.arrays, self.row = arrays, row
        self.kind = arrays.class_of[column]
        self.ladder = arrays.ladder_of[self.kind, row]

    def tick(self, price: Decimal) -> Decimal | None:
        if self.ladder < 0:
            return None
        step = np.searchsorted(self.arrays.ladder_floor[self.ladder], float(price), side="right") - 1
        return exact(self.arrays.ladder_tick[self.ladder, step])

    def rounded(self, price: Decimal, up: bool) -> Decimal:
        tick = self.tick(price)
        if tick is None:
            return price
        return (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * tick

    def limits(self, base: Decimal) -> tuple[Decimal, Decimal] | None:
        fraction = self.arrays.limit[self.kind, self.row]
        if np.isnan(fraction):
            return None
        tick = self.tick(base)
        assert tick is not None
        width = (base * exact(fraction) / tick).to_integral_value(ROUND_FLOOR) * tick
        return self.rounded(base - width, up=True), self.rounded(base + width, up=False)

    def tax(self, value: Decimal, side: Side, minor: Decimal) -> Decimal:
        rates = self.arrays.buy_tax if side is Side.BUY else self.arrays.sell_tax
        rate = exact(rates[self.kind, self.row])
        return (value * rate).quantize(minor, ROUND_DOWN if self.arrays.tax_truncates else ROUND_HALF_UP)

    def commission(self, value: Decimal, quantity: Decimal, side: Side, minor: Decimal) -> Decimal:
        if side is Side.BUY:
            return (value * exact(self.arrays.buy_rate[self.row])).quantize(minor, ROUND_HALF_UP)
        fee = quantity * exact(self.arrays.sell_per_share[self.row])
        cap = self.arrays.sell_per_share_cap[self.row]
        if np.isfinite(cap):
            fee = min(fee, exact(cap))
        return (value * exact(self.arrays.sell_rate[self.row]) + fee).quantize(minor, ROUND_HALF_UP)


@settings(max_examples=300, deadline=None)
@given(
    place=st.sampled_from(VENUES),
    price=st.decimals(D("0.01"), D(2_000_000), places=2),
    shares=st.integers(1, 1000) | st.integers(50_000, 10**6),
    data=st.data(),
)  # fmt: skip
def test_arrays_agree_with_the_exact_methods(place: Venue, price: Decimal, shares: int, data: st.DataObject) -> None:
    boards = [*(place.boards or ("KOSPI",)), *(["KOSDAQ GLOBAL"] if place.mic == "XKRX" else []), ""]
    thing = st.tuples(st.sampled_from(boards), st.sampled_from(["stock", "etf", "etn", "index"]))
    things = data.draw(st.lists(thing, min_size=1, max_size=6))
    day = data.draw(st.dates(place.calendar.first, place.calendar.last - timedelta(days=1461)))
    sessions = place.calendar.sessions(day, place.calendar.next_session(day, 5))
    arrays = rule_arrays(place, [instrument(*thing) for thing in things], sessions)
    column = data.draw(st.integers(0, len(things) - 1))
    row = data.draw(st.integers(0, len(sessions) - 1))
    board, kind = things[column]
    on: date = sessions[row].item()
    reader, minor = Reader(arrays, column, row), MINOR[place.mic]
    value, quantity = (price * shares).quantize(minor), D(shares)

    assert reader.tick(price) == place.tick(price, on, board, kind)
    for up in (True, False):
        assert reader.rounded(price, up) == place.round_to_tick(price, on, board, kind, up)
    assert reader.limits(price) == place.limit_prices(price, on, board, kind)
    assert exact(arrays.lot[reader.kind, row]) == place.lot(on, board, kind)
    for side in Side:
        assert reader.tax(value, side, minor) == place.tax(value, side, on, board, kind)
        assert reader.commission(value, quantity, side, minor) == place.commission(value, quantity, side, on)


class TestShapes:
    def test_one_class_for_each_board_and_kind_that_occurs(self) -> None:
        place = VENUES[0]
        things = [instrument("KOSDAQ"), instrument(), instrument("KOSPI"), instrument(kind="etf"), instrument("코스닥")]
        days = place.calendar.sessions(date(2023, 1, 20), date(2023, 1, 31))
        arrays = rule_arrays(place, things, days)
        assert arrays.class_of[1] == arrays.class_of[2]
        assert arrays.class_of[0] == arrays.class_of[4]
        assert len(set(arrays.class_of.tolist())) == 3
        for array in (arrays.ladder_of, arrays.limit, arrays.lot, arrays.buy_tax, arrays.sell_tax):
            assert array.shape == (3, len(days))
        for array in (arrays.buy_rate, arrays.sell_rate, arrays.sell_per_share, arrays.sell_per_share_cap):
            assert array.shape == (len(days),)
        assert arrays.ladder_floor.shape == arrays.ladder_tick.shape

    def test_the_ladder_changes_on_the_day(self) -> None:
        # 20 January 2023 was a Friday, then Lunar New Year until the 24th.
        arrays = rule_arrays(
            VENUES[0], [instrument()], VENUES[0].calendar.sessions(date(2023, 1, 20), date(2023, 1, 26))
        )
        before, after, later = arrays.ladder_of[0]
        assert before != after == later

    def test_the_activity_fee_and_its_cap(self) -> None:
        days = VENUES[1].calendar.sessions(date(2023, 12, 29), date(2024, 1, 2))
        arrays = rule_arrays(VENUES[1], [instrument()], days)
        assert arrays.sell_per_share.tolist() == [0.000145, 0.000166]
        assert arrays.sell_per_share_cap.tolist() == [7.27, 8.30]

    def test_no_instruments(self) -> None:
        days = VENUES[1].calendar.sessions(date(2024, 1, 2), date(2024, 1, 5))
        arrays = rule_arrays(VENUES[1], [], days)
        assert arrays.class_of.shape == (0,)
        assert arrays.lot.shape == (0, len(days))

    def test_no_sessions(self) -> None:
        none: Days = np.array([], "datetime64[D]")
        assert rule_arrays(VENUES[0], [instrument()], none).sell_tax.shape == (1, 0)

    def test_sessions_outside_the_calendar_get_the_nearest_rules(self) -> None:
        days: Days = np.array(["1929-10-24", "2060-01-05"], "datetime64[D]")
        arrays = rule_arrays(venue("XNYS"), [instrument()], days)
        assert arrays.sell_rate.tolist() == [0.0000333, 0.0000206]
        assert arrays.sell_per_share_cap[0] == np.inf

    def test_no_grid_is_minus_one(self) -> None:
        days = VENUES[2].calendar.sessions(date(2024, 1, 2), date(2024, 1, 5))
        arrays = rule_arrays(VENUES[2], [instrument()], days)
        assert (arrays.ladder_of == -1).all()
        assert np.isnan(arrays.limit).all()
        assert not arrays.tax_truncates

    def test_unknown_board(self) -> None:
        with pytest.raises(InvalidInput, match="no board 'NXT'"):
            rule_arrays(VENUES[0], [instrument("NXT")], VENUES[0].calendar.days[:3])


@pytest.mark.parametrize("market", VENUES, ids=lambda market: market.mic)
def test_settlement_along_the_sessions(market: Venue) -> None:
    days = market.calendar.sessions(date(1997, 1, 2), date(2025, 12, 1))
    arrays = rule_arrays(market, [instrument()], days)
    for row in range(0, len(days), 97):
        day = days[row].item()
        assert arrays.settles[row].item() == market.settlement_date(day)
        assert arrays.sell_lock[row] == market.sell_lock(day)
    asked = "freely" if market.mic in ("XKRX", "XNSE", "XSHE") else "held_back" if market.mic == "XNAS" else "nothing"
    assert {UNSETTLED_BUYS[place] for place in arrays.unsettled_buys} == {asked}
