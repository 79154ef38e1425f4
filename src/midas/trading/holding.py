"""What an account holds by its ledger, and the bookings that change it."""

from __future__ import annotations

from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.execution.broker import CashMove
from midas.portfolio.booking import MoveKind, postings_of_fill, postings_of_move
from midas.portfolio.ledger import LedgerAccount
from midas.trading.journal import Balance, Book


class Books:
    """Cash, quantities and costs as the ledger has them; amounts in minor units of `currency`."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.cash = 0
        self.quantities: dict[InstrumentId, Decimal] = {}
        self.costs: dict[InstrumentId, int] = {}

    def open(self, balance: Balance) -> None:
        """Begin with what the journal has."""
        self.cash = balance.cash
        self.quantities = dict(balance.quantities)
        self.costs = dict(balance.costs)

    def copy(self) -> Books:
        """Return books that may be changed without changing these."""
        found = Books(self.currency)
        found.cash, found.quantities, found.costs = self.cash, dict(self.quantities), dict(self.costs)
        return found

    def of_fill(self, fill: Fill) -> Book:
        """Return the booking of an execution, of one taken back where its quantity is below 0."""
        held = self.quantities.get(fill.instrument, Decimal(0))
        postings = postings_of_fill(fill, held, self.costs.get(fill.instrument, 0), self.currency)
        quantity = fill.quantity if fill.side is Side.BUY else -fill.quantity
        kind = "fill" if fill.quantity >= 0 else "bust"
        return Book(
            fill.account, fill.execution, fill, kind, fill.instrument, quantity, postings, fill.stamp_utc
        )  # fmt: skip

    def of_move(self, account: str, move: CashMove) -> Book:
        """Return the booking of money or shares that moved without an order."""
        held, cost = Decimal(0), 0
        if move.instrument is not None:
            held = self.quantities.get(move.instrument, Decimal(0))
            cost = self.costs.get(move.instrument, 0)
        kind = MoveKind(move.kind)
        postings = postings_of_move(kind, move.amount, self.currency, move.instrument, cost, move.quantity)
        change = None if move.quantity is None else move.quantity - held
        return Book(account, move.reference, None, move.kind, move.instrument, change, postings, move.stamp_utc)

    def apply(self, book: Book) -> None:
        """Hold what a committed booking left."""
        if book.instrument is not None and book.quantity is not None:
            after = self.quantities.get(book.instrument, Decimal(0)) + book.quantity
            self.quantities[book.instrument] = after
            if not after:
                del self.quantities[book.instrument]
        for posting in book.postings:
            if posting.account is LedgerAccount.CASH:
                self.cash += posting.amount
            elif posting.account is LedgerAccount.SECURITIES and posting.instrument is not None:
                self.costs[posting.instrument] = self.costs.get(posting.instrument, 0) + posting.amount
