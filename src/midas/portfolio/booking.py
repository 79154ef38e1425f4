"""What a fill or a payment does to the books: postings that balance, in minor units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, TypeVar

from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.portfolio.ledger import LedgerAccount

Size = TypeVar("Size", Decimal, int)


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of a transaction: `amount` is a debit above 0, a credit below; those of a transaction add up to 0."""

    account: LedgerAccount
    instrument: InstrumentId | None
    amount: int
    currency: str


def require_balanced(postings: Iterable[Posting]) -> None:
    """Check that the postings of one transaction add up to 0 in each currency.

    Raises
    ------
    InvalidInput: they do not.
    """
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.currency] = sums.get(posting.currency, 0) + posting.amount
    if any(sums.values()):
        off = {currency: total for currency, total in sums.items() if total}
        raise InvalidInput(
            f"The postings add up to {off}, not to 0.", hint="This is a defect; please report it.", code="unbalanced"
        )


class MoveKind(StrEnum):
    """What moves money or shares without an order; the first eight are those of `portfolio.journal.EventKind`.

    DEPOSIT pays capital in, or out where the amount is below 0. FEE and TAX are charges of no fill.
    """

    SPLIT = "split"
    DIVIDEND = "dividend"
    CASH_IN_LIEU = "cash_in_lieu"
    DELISTED = "delisted"
    INTEREST = "interest"
    BORROW_FEE = "borrow_fee"
    SEIZED = "seized"
    WRITTEN_OFF = "written_off"
    DEPOSIT = "deposit"
    FEE = "fee"
    TAX = "tax"


_COUNTER: Final = {
    MoveKind.DIVIDEND: LedgerAccount.DIVIDENDS,
    MoveKind.CASH_IN_LIEU: LedgerAccount.CASH_IN_LIEU,
    MoveKind.INTEREST: LedgerAccount.INTEREST,
    MoveKind.BORROW_FEE: LedgerAccount.BORROW_FEES,
    MoveKind.WRITTEN_OFF: LedgerAccount.DEFICIT,
    MoveKind.DEPOSIT: LedgerAccount.CAPITAL,
    MoveKind.FEE: LedgerAccount.COMMISSION,
    MoveKind.TAX: LedgerAccount.TAX,
}


def postings_of_fill(fill: Fill, held_quantity: Decimal, held_cost: int, currency: str) -> tuple[Posting, ...]:
    """Return what an execution does to the books, at average cost; zero lines left out.

    held_quantity, held_cost : what the books had of the instrument before, both below 0 of a short; its cost is the
    balance of SECURITIES. What closes takes its share of that cost out, to the nearest minor unit and half to even, all
    of it with the last share. What goes through zero closes first and opens with the rest of the value. A fill taken
    back has quantity, value and costs below 0 and is booked as the opposite trade, its costs paid back: cash and
    quantity are then what they would have been, and what the average moved meanwhile is a gain or loss.
    """
    side = 1 if fill.side is Side.BUY else -1
    quantity, value = side * fill.quantity, side * fill.value
    closed_value, cost_out = closing(quantity, value, held_quantity, held_cost)
    amounts = (
        (LedgerAccount.CASH, -value - fill.commission - fill.tax),
        (LedgerAccount.SECURITIES, value - closed_value - cost_out),
        (LedgerAccount.GAINS, closed_value + cost_out),
        (LedgerAccount.COMMISSION, fill.commission),
        (LedgerAccount.TAX, fill.tax),
    )
    return _postings(amounts, fill.instrument, currency)


def postings_of_move(
    kind: MoveKind,
    amount: int,
    currency: str,
    instrument: InstrumentId | None = None,
    held_cost: int = 0,
    quantity_after: Decimal | None = None,
) -> tuple[Posting, ...]:
    """Return what a payment or corporate action does to the books; zero lines left out.

    amount : minor units paid in. A delisting or seizure takes the whole `held_cost` out, and the rest is gain or loss;
    so does a split that leaves nothing (`quantity_after` 0), whose fraction is paid as CASH_IN_LIEU. Any other split
    moves no money.
    """
    counter = _COUNTER.get(kind)
    if counter is not None:
        return _postings(((LedgerAccount.CASH, amount), (counter, -amount)), instrument, currency)
    gone = kind is not MoveKind.SPLIT or quantity_after == 0
    cost_out = held_cost if gone else 0
    amounts = (
        (LedgerAccount.CASH, amount),
        (LedgerAccount.SECURITIES, -cost_out),
        (LedgerAccount.GAINS, cost_out - amount),
    )
    return _postings(amounts, instrument, currency)


def closing(quantity: Size, value: int, held: Size, cost: int) -> tuple[int, int]:
    """Return the part of the value that closes, and the cost of what it closes, with their signs.

    quantity, held : in the same unit, whatever it is.
    """
    if not held or not quantity or (held > 0) == (quantity > 0):
        return 0, 0
    if abs(quantity) < abs(held):
        return value, _share(cost, quantity, held)
    return _share(value, held, quantity), cost


def _share(amount: int, part: Size, whole: Size) -> int:
    # `round` of a fraction is exact and half to even.
    if part in (whole, -whole):
        return amount
    return round(amount * abs(Fraction(part) / Fraction(whole)))


def _postings(
    amounts: tuple[tuple[LedgerAccount, int], ...], instrument: InstrumentId | None, currency: str
) -> tuple[Posting, ...]:
    return tuple(Posting(account, instrument, amount, currency) for account, amount in amounts if amount)
