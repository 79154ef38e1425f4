"""What an account holds by its ledger, and the bookings that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, Side
from midas.execution.broker import CashMove
from midas.execution.dealt import Dealt, spent
from midas.execution.quantity import decimal_quantity, parts_of
from midas.portfolio.booking import MoveKind, closing, postings_of_fill, postings_of_move
from midas.portfolio.ledger import LedgerAccount
from midas.trading.journal import Balance, Book

_ZERO = Decimal(0)


@dataclass(slots=True)
class _Holding:
    # What is held of an instrument, in parts, with what changed since nothing was. costs : whether its cost changed.
    parts: int
    cost: int
    since: list[float] = field(default_factory=list)
    closed: bool = False
    costs: bool = False

    def take(self, quantity: float, value: int) -> tuple[int, int]:
        before, change = (self.parts, self.cost), parts_of(quantity)
        closed, out = closing(change, value, *before)
        self.parts += change
        self.cost += value - closed - out
        self.costs |= value != closed + out
        self.since.append(quantity)
        if not self.parts:
            self.since.clear()
            self.closed = True
        return before


class Books:
    """Cash, quantities and costs as the ledger has them; amounts in minor units of `currency`."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._cash = 0
        self._quantities: dict[InstrumentId, Decimal] = {}
        self._costs: dict[InstrumentId, int] = {}
        self._late: list[Dealt] = []

    @property
    def cash(self) -> int:
        """Cash."""
        return self._cash - spent(self._late)

    @cash.setter
    def cash(self, minor: int) -> None:
        self._cash = minor + spent(self._late)

    @property
    def quantities(self) -> dict[InstrumentId, Decimal]:
        """What is held, by instrument."""
        self.settle()
        return self._quantities

    @property
    def costs(self) -> dict[InstrumentId, int]:
        """What it cost, by instrument."""
        self.settle()
        return self._costs

    def open(self, balance: Balance) -> None:
        """Begin with what the journal has."""
        self.settle()
        self._cash = balance.cash
        self._quantities = dict(balance.quantities)
        self._costs = dict(balance.costs)

    def copy(self) -> Books:
        """Return books that may be changed without changing these."""
        self.settle()
        found = Books(self.currency)
        found._cash, found._quantities, found._costs = self._cash, dict(self._quantities), dict(self._costs)
        return found

    def of_fill(self, fill: Fill) -> Book:
        """Return the booking of an execution, of one taken back where its quantity is below 0."""
        held, cost = self.quantities.get(fill.instrument, _ZERO), self.costs.get(fill.instrument, 0)
        return book_of(fill, held, cost, self.currency)

    def of_move(self, account: str, move: CashMove) -> Book:
        """Return the booking of money or shares that moved without an order."""
        held, cost = _ZERO, 0
        if move.instrument is not None:
            held = self.quantities.get(move.instrument, _ZERO)
            cost = self.costs.get(move.instrument, 0)
        kind = MoveKind(move.kind)
        postings = postings_of_move(kind, move.amount, self.currency, move.instrument, cost, move.quantity)
        change = None if move.quantity is None else move.quantity - held
        return Book(account, move.reference, None, move.kind, move.instrument, change, postings, move.stamp_utc)

    def apply(self, book: Book) -> None:
        """Hold what a committed booking left."""
        self.settle()
        if book.instrument is not None and book.quantity is not None:
            self._hold(book.instrument, book.quantity)
        for posting in book.postings:
            if posting.account is LedgerAccount.CASH:
                self._cash += posting.amount
            elif posting.account is LedgerAccount.SECURITIES and posting.instrument is not None:
                self._costs[posting.instrument] = self._costs.get(posting.instrument, 0) + posting.amount

    def put_off(self, dealt: Dealt) -> None:
        """Hold what the fills of a stride left, once somebody asks for it."""
        self._late.append(dealt)

    def settle(self) -> None:
        """Hold what was put off, and let it know what was held before each of its fills."""
        if not self._late:
            return
        late, self._late, ids = self._late, [], self._late[0].wording.ids
        self._cash -= spent(late)
        held = dict[int, _Holding]()
        for dealt in late:
            for column in {*dealt.orders[:, 1].tolist()} - held.keys():
                quantity = self._quantities.get(ids[column], _ZERO)
                held[column] = _Holding(parts_of(quantity), self._costs.get(ids[column], 0))
            dealt.held[:] = [held[column].take(quantity, value) for column, quantity, value in dealt.trades()]
        for column, holding in held.items():
            self._end(ids[column], holding)

    def _end(self, instrument: InstrumentId, holding: _Holding) -> None:
        if holding.closed:
            self._quantities.pop(instrument, None)
        for change in holding.since:
            self._hold(instrument, decimal_quantity(change))
        if holding.costs:
            self._costs[instrument] = holding.cost

    def _hold(self, instrument: InstrumentId, change: Decimal) -> None:
        after = self._quantities.get(instrument, _ZERO) + change
        self._quantities[instrument] = after
        if not after:
            del self._quantities[instrument]


def book_of(fill: Fill, held: Decimal, cost: int, currency: str) -> Book:
    """Return the booking of an execution in an account that held so much of its instrument, at such a cost."""
    postings = postings_of_fill(fill, held, cost, currency)
    quantity = fill.quantity if fill.side is Side.BUY else -fill.quantity
    kind = "fill" if fill.quantity >= 0 else "bust"
    return Book(fill.account, fill.execution, fill, kind, fill.instrument, quantity, postings, fill.stamp_utc)
