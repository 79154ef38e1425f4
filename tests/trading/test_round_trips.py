"""Round trips of a ledger: nothing lost, nothing counted twice, whatever was sold through zero or taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.trading.entries import ACCOUNT, APPLE, NOW

from midas.core.instrument import InstrumentId
from midas.core.order import Cause, Fill, Side
from midas.portfolio.booking import MoveKind
from midas.trading.round_trips import Booked, BookedTrade, booked_trades

OTHER = InstrumentId("IBM", "XNYS")


def at(day: int) -> datetime:
    return NOW + timedelta(days=day)


def fill(
    day: int, quantity: int, price: int = 100, costs: int = 0, name: InstrumentId = APPLE, execution: str = "",
    cause: Cause | None = None,
) -> Booked:  # fmt: skip
    """An execution of `quantity` at `price`; below 0 is sold."""
    side, many = (Side.BUY if quantity > 0 else Side.SELL), abs(quantity)
    done = Fill(
        ACCOUNT, "q", execution or f"x{day}-{quantity}-{name}", name, side, Decimal(many), Decimal(price),
        many * price * 100, costs, costs // 2, at(day), cause,
    )  # fmt: skip
    return Booked(name, at(day), done)


def bust(day: int, of: Booked) -> Booked:
    assert of.fill is not None
    gone = of.fill
    undone = Fill(
        ACCOUNT, "q", f"bust:{gone.execution}", gone.instrument, gone.side, -gone.quantity, gone.price, -gone.value,
        -gone.commission, -gone.tax, at(day), gone.cause,
    )  # fmt: skip
    return Booked(gone.instrument, at(day), undone)


def moved(day: int, kind: MoveKind, amount: int = 0, quantity: int = 0) -> Booked:
    return Booked(APPLE, at(day), None, kind, amount, Decimal(quantity))


def trips(*bookings: Booked) -> list[BookedTrade]:
    return booked_trades(bookings, "USD")


class TestByHand:
    def test_bought_twice_sold_once(self) -> None:
        [trade] = trips(fill(1, 10, 100, 4), fill(2, 10, 110, 4), fill(5, -20, 120, 6, cause=Cause.STOP_LOSS))
        assert (trade.side, trade.entry_utc, trade.exit_utc) == (Side.BUY, at(1), at(5))
        assert (trade.entry_price, trade.exit_price, trade.opened, trade.held) == (105, 120, 20, 0)
        assert (trade.commission, trade.tax, trade.cause, trade.executions) == (14, 7, Cause.STOP_LOSS, 3)
        assert trade.pnl() == (20 * 120 - 10 * 100 - 10 * 110) * 100 - 14 - 7

    def test_sold_short_and_bought_back(self) -> None:
        [trade] = trips(fill(1, -10, 100), moved(2, MoveKind.BORROW_FEE, -5), fill(3, 10, 90))
        assert (trade.side, trade.pnl(), trade.income) == (Side.SELL, 10 * 10 * 100 - 5, -5)

    def test_what_goes_through_zero_is_two_trades(self) -> None:
        first, second = trips(fill(1, 10, 100), fill(2, -25, 110, 5), fill(3, 15, 100))
        assert (first.opened, first.closed, first.exit_utc, first.pnl()) == (10, 10, at(2), 10_000 - 2 - 1)
        assert (second.side, second.opened, second.entry_utc, second.exit_utc) == (Side.SELL, 15, at(2), at(3))
        assert first.commission + second.commission == 5
        assert second.pnl() == 15 * 10 * 100 - 3 - 1

    def test_still_open(self) -> None:
        [trade] = trips(fill(1, 10, 100), fill(2, -4, 120))
        assert (trade.exit_utc, trade.held, trade.opened, trade.closed) == (None, 6, 10, 4)
        assert trade.pnl(left_worth=6 * 110 * 100) == (4 * 120 + 6 * 110 - 1000) * 100

    def test_a_split_and_a_dividend(self) -> None:
        [trade] = trips(
            fill(1, 10, 100), moved(2, MoveKind.SPLIT, 0, 10), moved(3, MoveKind.DIVIDEND, 250), fill(4, -20, 60)
        )
        assert (trade.opened, trade.entry_price, trade.exit_price) == (20, 50, 60)
        assert trade.pnl() == 200 * 100 + 250

    def test_a_delisting_pays_out(self) -> None:
        [trade] = trips(fill(1, 10, 100), moved(2, MoveKind.DELISTED, 300_00, -10))
        assert (trade.exit_utc, trade.held, trade.exit_price, trade.pnl()) == (at(2), 0, 30, -700_00)

    def test_a_dividend_after_the_sale_belongs_to_the_trade_it_was_earned_in(self) -> None:
        [trade] = trips(fill(1, 10, 100), fill(2, -10, 100), moved(3, MoveKind.DIVIDEND, 70))
        assert (trade.exit_utc, trade.pnl()) == (at(2), 70)

    def test_what_was_taken_back_never_was(self) -> None:
        wrong = fill(2, -10, 150)
        kept = trips(fill(1, 10, 100), fill(3, -10, 120))
        assert trips(fill(1, 10, 100), wrong, bust(2, wrong), fill(3, -10, 120)) == kept

    def test_what_was_paid_for_a_name_never_traded_is_nobodys(self) -> None:
        assert trips(moved(1, MoveKind.DIVIDEND, 70)) == []


FILLS = st.lists(
    st.tuples(
        st.integers(-9, 9).filter(bool), st.integers(1, 50), st.integers(0, 9), st.sampled_from([APPLE, OTHER]),
    ),
    max_size=30,
)  # fmt: skip


class TestLaws:
    @given(FILLS)
    def test_every_cent_and_share_is_in_one_trade(self, drawn: list[tuple[int, int, int, InstrumentId]]) -> None:
        bookings = [fill(day, quantity, price, costs, name) for day, (quantity, price, costs, name) in enumerate(drawn)]
        found = trips(*bookings)
        cash = sum((-quantity * price * 100 - costs - costs // 2) for quantity, price, costs, _ in drawn)
        open_in = sum(each.pnl() for each in found)
        # with nothing valued, all gains together are the cash that moved
        assert open_in == cash
        for name in (APPLE, OTHER):
            held = sum(quantity for quantity, _, _, one in drawn if one == name)
            mine = [each for each in found if each.instrument == name]
            assert sum(each.sign * each.held for each in mine) == held
            assert all(each.exit_utc is not None and not each.held for each in mine[:-1])
            assert all(each.opened - each.closed == each.held >= 0 for each in mine)
            if mine:
                assert (mine[-1].exit_utc is None) == bool(held)
        assert [each.entry_utc for each in found] == sorted(each.entry_utc for each in found)
