"""What the journal in memory holds, and how a batch gets into it, whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeVar

from midas.core.errors import InvalidInput, NotFound
from midas.core.order import ENDED
from midas.execution.order_row import OrderRow
from midas.portfolio.booking import Posting
from midas.portfolio.ledger import LedgerAccount
from midas.risk.kill import Kill, KillLevel
from midas.trading.account_store import AccountStore
from midas.trading.journal import (
    AlreadyStored,
    AskCancel,
    Audit,
    Batch,
    Book,
    CancelSent,
    ChangeOrder,
    Checkpoint,
    Fenced,
    MoveRun,
    Outdated,
    Pull,
    Quarantine,
    Since,
    StoreOrder,
    TapePart,
)
from midas.trading.sound import require_sound

K = TypeVar("K")
V = TypeVar("V")
_REFUSALS = (AlreadyStored, Fenced, Outdated, InvalidInput, NotFound)


@dataclass(slots=True)
class MemoryStore:
    """All accounts; `homes` tells whose an order is."""

    _accounts: defaultdict[str, AccountStore] = field(default_factory=lambda: defaultdict(AccountStore))
    _homes: dict[str, str] = field(default_factory=dict)
    runs: dict[str, MoveRun] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    tapes: defaultdict[str, list[TapePart]] = field(default_factory=lambda: defaultdict(list))
    kills: list[Kill] = field(default_factory=list)

    @property
    def accounts(self) -> defaultdict[str, AccountStore]:
        """All there is, by account."""
        for stored in self._accounts.values():
            stored.settle()
        return self._accounts

    @property
    def homes(self) -> dict[str, str]:
        """Whose each order is."""
        for stored in self._accounts.values():
            stored.settle()
        return self._homes

    def so_far(self, account: str) -> AccountStore:
        """Return an account without what was put off: its owner and revision, and orders that may be at work."""
        return self._accounts[account]

    def enlist(self, account: str, order: str, key: str, number: str, place: int) -> None:
        """Know of an order that was put off."""
        stored = self._accounts[account]
        self._homes[order] = account
        stored.keys.add(key)
        stored.places[order] = place
        stored.numbers[number] = order

    def write(self, account: str, batch: Batch) -> None:
        """Store a batch, or raise what `Journal.commit` does and leave everything as it was."""
        if not self._accounts[account].is_apart(batch):
            self._accounts[account].settle()
        writing = _Writing(self, account)
        try:
            for entry in batch:
                enter = _ENTER.get(type(entry))
                if enter is None:
                    raise InvalidInput(f"{type(entry).__name__} is no entry of a journal.")
                enter(writing, entry)
        except _REFUSALS:
            writing.undo()
            raise
        self._accounts[account].revision += 1


class _Writing:
    # One batch on its way in, with what takes it out again.
    def __init__(self, store: MemoryStore, account: str) -> None:
        self._store = store
        self._name = account
        self._account = store.so_far(account)
        self._back: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def undo(self) -> None:
        for step, told in reversed(self._back):
            step(*told)

    def store(self, entry: StoreOrder) -> None:
        row, account = entry.row, self._account
        self._require_own(row.intent.account)
        key = row.intent.key
        if key in account.keys or row.id in self._store._homes:
            raise AlreadyStored(f"Order {row.id} is stored already.")
        account.keys.add(key)
        self._back.append((account.keys.discard, (key,)))
        self._put(self._store._homes, row.id, self._name)
        self._put(account.places, row.id, account.next_place)
        account.latest_utc = max(account.latest_utc, row.intent.stamp_utc)
        self._place(row)

    def change(self, entry: ChangeOrder) -> None:
        current = self._known(entry.row.id)
        if current.state is not entry.was:
            raise Fenced(f"Order {current.id} is {current.state}, not {entry.was}.")
        self._place(entry.row)

    def ask_cancel(self, entry: AskCancel) -> None:
        self._known(entry.order)
        if entry.order not in self._account.cancels:
            self._put(self._account.cancels, entry.order, entry.reason)

    def cancel_sent(self, entry: CancelSent) -> None:
        self._known(entry.order)
        self._drop(self._account.cancels, entry.order)

    def book(self, entry: Book) -> None:
        account = self._account
        self._require_own(entry.account)
        if entry.reference in account.books:
            raise AlreadyStored(f"{entry.reference} is in the ledger already.")
        require_sound(entry)
        self._put(account.books, entry.reference, entry)
        for posting in entry.postings:
            self._post(posting)
        if entry.instrument is not None and entry.quantity is not None:
            held = account.quantities.get(entry.instrument, Decimal(0))
            self._put(account.quantities, entry.instrument, held + entry.quantity)

    def audit(self, entry: Audit) -> None:
        self._require_own(entry.account)
        self._account.audits.append(entry)
        self._back.append((self._account.audits.pop, ()))

    def checkpoint(self, entry: Checkpoint) -> None:
        self._put(self._store.checkpoints, entry.run, entry)

    def tape(self, entry: TapePart) -> None:
        tape = self._store.tapes[entry.run]
        if entry.n != len(tape):
            raise AlreadyStored(f"Part {entry.n} of the tape of {entry.run} is not the next one.")
        tape.append(entry)
        self._back.append((tape.pop, ()))

    def quarantine(self, entry: Quarantine) -> None:
        self._require_own(entry.account)
        if entry.released:
            self._drop(self._account.quarantined, entry.instrument)
        else:
            self._put(self._account.quarantined, entry.instrument, entry.reason)

    def pull(self, entry: Pull) -> None:
        kill, store = entry.kill, self._store
        if kill.account:
            self._require_own(kill.account)
        before = store.kills
        store.kills = [each for each in before if kill.level is not KillLevel.NONE or each.account != kill.account]
        if kill.level is not KillLevel.NONE:
            store.kills.append(kill)
        self._back.append((setattr, (store, "kills", before)))

    def move_run(self, entry: MoveRun) -> None:
        self._put(self._store.runs, entry.run, entry)

    def since(self, entry: Since) -> None:
        if entry.revision != self._account.revision:
            raise Outdated(f"{self._name} is at revision {self._account.revision}, not {entry.revision}.")

    def _require_own(self, account: str) -> None:
        if account != self._name:
            raise InvalidInput(f"An entry of {account} is in a batch of {self._name}.", code="foreign_entry")

    def _known(self, order: str) -> OrderRow:
        row = self._account.orders.get(order)
        if row is None:
            raise NotFound(f"There is no order {order!r}.", code="unknown_order")
        return row

    def _place(self, row: OrderRow) -> None:
        account = self._account
        self._put(account.orders, row.id, row)
        if row.number:
            other = account.numbers.get(row.number)
            if other is None or (other != row.id and account.places[row.id] >= account.places[other]):
                self._put(account.numbers, row.number, row.id)
        if row.state in ENDED:
            self._drop(account.active, row.id)
        else:
            self._put(account.active, row.id, row)

    def _post(self, posting: Posting) -> None:
        account = self._account
        if posting.account is LedgerAccount.CASH:
            before = account.cash
            account.cash += posting.amount
            self._back.append((setattr, (account, "cash", before)))
        elif posting.account is LedgerAccount.SECURITIES and posting.instrument is not None:
            cost = account.costs.get(posting.instrument, 0) + posting.amount
            self._put(account.costs, posting.instrument, cost)

    def _put(self, mapping: dict[K, V], key: K, value: V) -> None:
        if key in mapping:
            self._back.append((mapping.__setitem__, (key, mapping[key])))
        else:
            self._back.append((mapping.__delitem__, (key,)))
        mapping[key] = value

    def _drop(self, mapping: dict[K, V], key: K) -> None:
        if key in mapping:
            self._back.append((mapping.__setitem__, (key, mapping.pop(key))))


_ENTER: Final[Mapping[type, Callable[[_Writing, Any], None]]] = {
    StoreOrder: _Writing.store,
    ChangeOrder: _Writing.change,
    AskCancel: _Writing.ask_cancel,
    CancelSent: _Writing.cancel_sent,
    Book: _Writing.book,
    Audit: _Writing.audit,
    Checkpoint: _Writing.checkpoint,
    TapePart: _Writing.tape,
    Quarantine: _Writing.quarantine,
    Pull: _Writing.pull,
    MoveRun: _Writing.move_run,
    Since: _Writing.since,
}
