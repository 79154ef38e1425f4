"""Changes to an account on their way: worked out on copies, stored as one batch, and only then what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from midas.core.order import ENDED, Fill, OrderState, Origin
from midas.execution.broker import CashMove
from midas.execution.loop_events import Ended, Filled, Moved
from midas.execution.order_events import OrderEvent
from midas.execution.order_row import OrderRow
from midas.execution.order_state import reduce
from midas.trading.holding import Books
from midas.trading.journal import AskCancel, Audit, Book, ChangeOrder, Entry, Quarantine, StoreOrder

News = Filled | Ended | Moved
"""What runs hear of a change."""

Decide = Callable[[OrderRow], Sequence[OrderEvent]]
"""What happens to an order, by how it is at that moment."""

TRADER = "trader"
"""Who acts where no person and no run did."""

BROKER = "broker"
"""Who acts where the broker did, by itself."""


class Draft:
    """A batch in the making, in these steps.

    `books` are a copy that knows what was drafted before; `news` is what runs hear of it.
    """

    def __init__(self, account: str, epoch: int, now_utc: datetime, books: Books, steps: Iterable[str] = ()) -> None:
        self.account = account
        self.steps = tuple(steps)
        self.entries: list[Entry] = []
        self.rows: dict[str, tuple[OrderRow, OrderRow]] = {}
        self.fills: list[Fill] = []
        self.news: list[News] = []
        self.stored: list[OrderRow] = []
        self.booked: list[Book] = []
        self.quarantined: dict[str, str] = {}
        self._epoch = epoch
        self._now_utc = now_utc
        self._books = books.copy()
        self._told = False

    def be_told(self, tell: Callable[[Draft], None]) -> None:
        """Let runs hear of it, once, if there is anything to hear; they may add to it."""
        if self.news and not self._told:
            self._told = True
            tell(self)

    def row(self, row: OrderRow) -> OrderRow:
        """Return an order as it is with what was drafted."""
        return self.rows[row.id][1] if row.id in self.rows else row

    def new(self, order: str) -> OrderRow | None:
        """Return an order that is stored with this draft."""
        return next((row for row in self.stored if row.id == order), None)

    def numbered(self, number: str) -> OrderRow | None:
        """Return a drafted order its broker knows by this number."""
        return next((after for _, after in self.rows.values() if after.number == number), None)

    def books(self, reference: str) -> bool:
        """Tell whether a drafted booking has this reference."""
        return any(book.reference == reference for book in self.booked)

    def move(self, step: str, row: OrderRow, decide: Decide) -> OrderRow:
        """Move an order on.

        Raises
        ------
        IllegalMove: we tried what its state forbids.
        """
        before = self.row(row)
        after = before
        for event in decide(before):
            after = reduce(after, event, self._now_utc)
        if after is before or (after.state is before.state and after == before):
            return before
        first = self.rows[row.id][0] if row.id in self.rows else before
        self.rows[row.id] = first, after
        self.entries += self._change(step, before, after)
        if after.state in ENDED and before.state not in ENDED:
            self.news.append(Ended(after.id, after.state, after.reason))
        return after

    def fill(self, fill: Fill) -> None:
        """Book an execution, or one that was taken back."""
        self._book(self._books.of_fill(fill))
        self.fills.append(fill)
        self.news.append(Filled(fill))

    def pay(self, move: CashMove) -> None:
        """Book money or shares that moved without an order."""
        self._book(self._books.of_move(self.account, move))
        self.news.append(Moved(move))

    def store(self, row: OrderRow) -> None:
        """Store a new order."""
        self.entries.append(StoreOrder(row))
        self.stored.append(row)

    def adopt(self, row: OrderRow, origin: Origin) -> None:
        """Store an order that the broker made by itself."""
        self.entries.append(StoreOrder(row))
        self.rows[row.id] = row, row
        wish = row.intent
        detail = {
            "origin": origin.value, "number": row.number, "instrument": str(wish.instrument), "side": wish.side.value,
            "quantity": str(wish.quantity),
        }  # fmt: skip
        self.audit("order.adopted", row.id, detail, BROKER)

    def quarantine(self, instrument: str, reason: str) -> None:
        """Order nothing more there until a person released it."""
        self.entries.append(Quarantine(self.account, instrument, reason))
        self.audit("instrument.quarantined", instrument, {"why": reason})
        self.quarantined[instrument] = reason

    def audit(self, act: str, subject: str, detail: Mapping[str, object], who: str = TRADER) -> None:
        self.entries.append(Audit(self.account, who, act, subject, detail, self._now_utc))

    def _book(self, book: Book) -> None:
        self.entries.append(book)
        self.booked.append(book)
        self._books.apply(book)

    def _change(self, step: str, before: OrderRow, after: OrderRow) -> list[Entry]:
        detail: dict[str, object] = {
            "from": before.state.value, "to": after.state.value, "number": after.number, "filled": str(after.filled),
            "reason": after.reason, "attempt": after.attempt, "epoch": self._epoch,
        }  # fmt: skip
        who = TRADER
        entries: list[Entry] = [
            ChangeOrder(after, before.state),
            Audit(self.account, who, f"order.{step}", after.id, detail, self._now_utc),
        ]
        if after.state is OrderState.ADOPTED_LATE and before.state is not OrderState.ADOPTED_LATE:
            why = "showed up after it was given up"
            told = Audit(self.account, who, "alert.adopted_late", after.id, {"why": why}, self._now_utc)
            entries += [AskCancel(after.id, why), told]
        return entries
