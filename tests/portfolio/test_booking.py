"""Fills and payments balance, and agree with an account kept by hand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.execution.orders import NOON, SAMSUNG

from midas.core.errors import InvalidInput
from midas.core.order import Fill, Side
from midas.portfolio.booking import MoveKind, Posting, postings_of_fill, postings_of_move, require_balanced
from midas.portfolio.journal import EventKind
from midas.portfolio.ledger import LedgerAccount

CASH, SECURITIES, GAINS = LedgerAccount.CASH, LedgerAccount.SECURITIES, LedgerAccount.GAINS


def fill(side: Side, quantity: str, value: int, commission: int = 0, tax: int = 0) -> Fill:
    shares = Decimal(quantity)
    price = Decimal(value) / shares
    return Fill("a", "o", "e", SAMSUNG, side, shares, price, value, commission, tax, NOON)


def amounts(postings: tuple[Posting, ...]) -> dict[LedgerAccount, int]:
    assert sum(posting.amount for posting in postings) == 0
    assert all(posting.amount for posting in postings)
    assert len({posting.account for posting in postings}) == len(postings)
    return {posting.account: posting.amount for posting in postings}


def booked(one: Fill, held: str, cost: int) -> dict[LedgerAccount, int]:
    return amounts(postings_of_fill(one, Decimal(held), cost, "KRW"))


class TestFills:
    def test_a_purchase_is_carried_at_what_it_cost_without_charges(self) -> None:
        assert booked(fill(Side.BUY, "10", 1000, 3, 2), "0", 0) == {
            CASH: -1005,
            SECURITIES: 1000,
            LedgerAccount.COMMISSION: 3,
            LedgerAccount.TAX: 2,
        }

    def test_a_sale_takes_its_share_of_the_cost_out(self) -> None:
        # 10 cost 1000, 4 go for 520: 400 of cost, 120 gained.
        assert booked(fill(Side.SELL, "4", 520), "10", 1000) == {CASH: 520, SECURITIES: -400, GAINS: -120}

    @pytest.mark.parametrize(("cost", "out"), [(1001, 500), (1003, 502)])
    def test_half_a_unit_goes_to_the_even_one(self, cost: int, out: int) -> None:
        assert booked(fill(Side.SELL, "5", 500), "10", cost)[SECURITIES] == -out

    def test_the_last_share_takes_the_rest(self) -> None:
        assert booked(fill(Side.SELL, "3", 100), "3", 334) == {CASH: 100, SECURITIES: -334, GAINS: 234}

    def test_a_short_is_carried_below_zero_and_bought_back(self) -> None:
        assert booked(fill(Side.SELL, "10", 1000), "0", 0) == {CASH: 1000, SECURITIES: -1000}
        assert booked(fill(Side.BUY, "4", 300), "-10", -1000) == {CASH: -300, SECURITIES: 400, GAINS: -100}

    def test_through_zero_closes_first(self) -> None:
        # 4 of the 10 close what cost 500, for 400; 6 are sold short for 600.
        after = booked(fill(Side.SELL, "10", 1000), "4", 500)
        assert after == {CASH: 1000, SECURITIES: -500 - 600, GAINS: 100}

    def test_one_taken_back_pays_cash_and_charges_back(self) -> None:
        back = Fill("a", "o", "bust:e", SAMSUNG, Side.BUY, Decimal(-10), Decimal(100), -1000, -3, -2, NOON)
        assert booked(back, "10", 1000) == {
            CASH: 1005,
            SECURITIES: -1000,
            LedgerAccount.COMMISSION: -3,
            LedgerAccount.TAX: -2,
        }


class TestMoves:
    @pytest.mark.parametrize(
        ("kind", "account"),
        [
            (MoveKind.DIVIDEND, LedgerAccount.DIVIDENDS),
            (MoveKind.CASH_IN_LIEU, LedgerAccount.CASH_IN_LIEU),
            (MoveKind.INTEREST, LedgerAccount.INTEREST),
            (MoveKind.BORROW_FEE, LedgerAccount.BORROW_FEES),
            (MoveKind.WRITTEN_OFF, LedgerAccount.DEFICIT),
            (MoveKind.DEPOSIT, LedgerAccount.CAPITAL),
            (MoveKind.FEE, LedgerAccount.COMMISSION),
            (MoveKind.TAX, LedgerAccount.TAX),
        ],
    )
    @pytest.mark.parametrize("amount", [70, -70])
    def test_a_payment_has_one_counter_account(self, kind: MoveKind, account: LedgerAccount, amount: int) -> None:
        postings = postings_of_move(kind, amount, "USD", SAMSUNG, 1000, Decimal(5))
        assert amounts(postings) == {CASH: amount, account: -amount}
        assert {posting.currency for posting in postings} == {"USD"}

    @pytest.mark.parametrize("kind", [MoveKind.DELISTED, MoveKind.SEIZED])
    def test_what_is_gone_leaves_at_cost(self, kind: MoveKind) -> None:
        assert amounts(postings_of_move(kind, 300, "KRW", SAMSUNG, 1000)) == {CASH: 300, SECURITIES: -1000, GAINS: 700}
        short = amounts(postings_of_move(kind, -300, "KRW", SAMSUNG, -1000))
        assert short == {CASH: -300, SECURITIES: 1000, GAINS: -700}

    def test_a_split_moves_no_money(self) -> None:
        assert postings_of_move(MoveKind.SPLIT, 0, "KRW", SAMSUNG, 1000, Decimal(50)) == ()

    def test_a_split_that_leaves_nothing_takes_the_cost_out(self) -> None:
        assert amounts(postings_of_move(MoveKind.SPLIT, 0, "KRW", SAMSUNG, 1000, Decimal(0))) == {
            SECURITIES: -1000,
            GAINS: 1000,
        }

    def test_every_event_of_a_simulation_has_a_kind(self) -> None:
        assert {kind.name.lower() for kind in EventKind} <= {kind.value for kind in MoveKind}


class Book:
    """The oracle: one name, average cost in exact fractions, cost rounded when it leaves."""

    def __init__(self) -> None:
        self.held, self.cost, self.cash, self.gain = Fraction(0), 0, 0, 0

    def trade(self, shares: Fraction, value: int, charges: int) -> None:
        # shares and value with the sign of the side
        self.cash -= value + charges
        against = self.held * shares < 0
        closing = min(abs(shares), abs(self.held)) if against else Fraction(0)
        closed_value = round(value * closing / abs(shares)) if closing else 0
        out = self.cost if closing == abs(self.held) else round(self.cost * closing / abs(self.held))
        self.gain += -closed_value - out if closing else 0
        self.cost += value - closed_value - (out if closing else 0)
        self.held += shares


class TestHistory:
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(Side),
                st.decimals("0.001", "50", places=3),
                st.integers(1, 10_000_000),
                st.integers(0, 500),
                st.booleans(),
            ),
            max_size=25,
        )
    )
    def test_agrees_with_an_account_kept_by_hand(self, trades: list[tuple[Side, Decimal, int, int, bool]]) -> None:
        book, totals, held = Book(), Counter[LedgerAccount](), Decimal(0)
        for side, quantity, value, charge, back in trades:
            sign = (1 if side is Side.BUY else -1) * (-1 if back else 1)
            turn = -1 if back else 1
            one = Fill(
                "a", "o", "e", SAMSUNG, side, turn * quantity, Decimal(1), turn * value, turn * charge, turn, NOON
            )
            for account, amount in amounts(postings_of_fill(one, held, totals[SECURITIES], "KRW")).items():
                totals[account] += amount
            held += sign * quantity
            book.trade(Fraction(sign * quantity), sign * value, turn * (charge + 1))
            assert (totals[CASH], totals[SECURITIES], -totals[GAINS]) == (book.cash, book.cost, book.gain)
            assert totals[SECURITIES] == 0 or held != 0


class TestBalance:
    def test_is_asked_for_in_each_currency(self) -> None:
        won = Posting(CASH, None, 5, "KRW")
        require_balanced([won, Posting(GAINS, None, -5, "KRW"), Posting(CASH, None, 0, "USD")])
        with pytest.raises(InvalidInput, match="KRW"):
            require_balanced([won, Posting(GAINS, None, -5, "USD")])
