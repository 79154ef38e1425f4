"""What the journal in memory holds of one account; orders of strides are stored once somebody asks for anything."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from midas.core.instrument import InstrumentId
from midas.execution.order_row import OrderRow
from midas.portfolio.ledger import LedgerAccount
from midas.trading.journal import (
    NOBODY,
    AlreadyStored,
    AskCancel,
    Audit,
    Batch,
    Book,
    CancelSent,
    ChangeOrder,
    Entry,
    StoreOrder,
)
from midas.trading.sound import require_sound

K = TypeVar("K")
V = TypeVar("V")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Late:
    """Orders, all of them over, that are stored by `enter` once somebody asks, the first of them at a place.

    until_utc : no order of them was decided later. orders, books, audits : how many of each were stored before.
    """

    enter: Callable[[int], None]
    until_utc: datetime
    place: int
    orders: int
    books: int
    audits: int


@dataclass(slots=True)
class AccountStore:
    """Everything of one account; `places` are those of its orders in the order of storing.

    late, late_orders : what was put off, and how many orders it is of. latest_utc : no order was decided later.
    """

    epoch: int = NOBODY
    owned: bool = False
    revision: int = 0
    orders: dict[str, OrderRow] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    numbers: dict[str, str] = field(default_factory=dict)
    active: dict[str, OrderRow] = field(default_factory=dict)
    cancels: dict[str, str] = field(default_factory=dict)
    books: dict[str, Book] = field(default_factory=dict)
    cash: int = 0
    quantities: dict[InstrumentId, Decimal] = field(default_factory=dict)
    costs: dict[InstrumentId, int] = field(default_factory=dict)
    quarantined: dict[str, str] = field(default_factory=dict)
    audits: list[Audit] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    late_orders: int = 0
    latest_utc: datetime = _NEVER

    @property
    def next_place(self) -> int:
        """The place of the next order."""
        return len(self.places) + self.late_orders

    def book(self, book: Book) -> None:
        """Book what is alone in its batch, or raise what `Journal.commit` does and leave everything as it was."""
        if book.reference in self.books:
            raise AlreadyStored(f"{book.reference} is in the ledger already.")
        require_sound(book)
        self.books[book.reference] = book
        for posting in book.postings:
            if posting.account is LedgerAccount.CASH:
                self.cash += posting.amount
            elif posting.account is LedgerAccount.SECURITIES and posting.instrument is not None:
                self.costs[posting.instrument] = self.costs.get(posting.instrument, 0) + posting.amount
        if book.instrument is not None and book.quantity is not None:
            self.quantities[book.instrument] = self.quantities.get(book.instrument, Decimal(0)) + book.quantity

    def oldest_first(self, orders: Iterable[str]) -> list[OrderRow]:
        """Return orders as they were stored one after the other."""
        return [self.orders[order] for order in sorted(orders, key=self.places.__getitem__)]

    def put_off(self, enter: Callable[[int], None], orders: int, batches: int, until_utc: datetime) -> None:
        """Store so many orders, in so many batches, once somebody asks; see `Late`."""
        counts = len(self.orders), len(self.books), len(self.audits)
        self.late.append(Late(enter, until_utc, self.next_place, *counts))
        self.late_orders += orders
        self.revision += batches
        self.latest_utc = max(self.latest_utc, until_utc)

    def settle(self) -> None:
        """Store what was put off, before what was stored since."""
        late, self.late, self.late_orders = self.late, [], 0
        if not late:
            return
        first = late[0]
        orders, books = _cut(self.orders, first.orders), _cut(self.books, first.books)
        audits = deque(self.audits[first.audits :])
        del self.audits[first.audits :]
        for one, other in zip(late, [*late[1:], None], strict=True):
            one.enter(one.place)
            _put_back(self.orders, orders, None if other is None else other.orders - one.orders)
            _put_back(self.books, books, None if other is None else other.books - one.books)
            between = len(audits) if other is None else other.audits - one.audits
            self.audits += [audits.popleft() for _ in range(between)]

    def is_apart(self, batch: Batch) -> bool:
        """Tell whether nothing of a batch can be, or change, what was put off."""
        return not self.late or all(self._is_apart(entry, self.late[-1].until_utc) for entry in batch)

    def _is_apart(self, entry: Entry, until_utc: datetime) -> bool:
        match entry:
            case StoreOrder():
                return entry.row.intent.stamp_utc > until_utc
            case Book():
                return entry.stamp_utc > until_utc
            case ChangeOrder():
                return entry.row.id in self.orders
            case AskCancel() | CancelSent():
                return entry.order in self.orders
        return True


def _cut(mapping: dict[K, V], keep: int) -> deque[tuple[K, V]]:
    found = deque[tuple[K, V]]()
    while len(mapping) > keep:
        found.appendleft(mapping.popitem())
    return found


def _put_back(mapping: dict[K, V], entries: deque[tuple[K, V]], count: int | None) -> None:
    for _ in range(len(entries) if count is None else count):
        key, value = entries.popleft()
        if key in mapping:
            raise AlreadyStored(f"{key} was stored before.")
        mapping[key] = value
