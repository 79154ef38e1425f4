"""A batch of the journal on its way into the tables."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import singledispatchmethod

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from midas.core.errors import InvalidInput, NotFound
from midas.db import heads
from midas.db.audit import AuditLine, line_of
from midas.db.book_chain import linked
from midas.db.order_rows import Values, booking_values, moving_values, order_values
from midas.db.sessions import WriteSession
from midas.db.trading_tables import (
    AUDIT,
    BOOKING_LINKS,
    BOOKINGS,
    CANCELS,
    CHECKPOINTS,
    KILLS,
    ORDERS,
    POSITIONS,
    POSTINGS,
    QUARANTINES,
    RUNS,
    TAPES,
)
from midas.portfolio.ledger import LedgerAccount
from midas.risk.kill import KillLevel
from midas.trading.journal import (
    NOBODY,
    AlreadyStored,
    AskCancel,
    Asking,
    Audit,
    Batch,
    Book,
    CancelSent,
    ChangeOrder,
    Checkpoint,
    Entry,
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


def write(session: WriteSession, account: str, epoch: int, batch: Batch) -> heads.Head:
    """Store a batch, or raise what `Journal.commit` does; return where the account stands then."""
    at = heads.locked(session, account)
    if epoch not in (NOBODY, at.epoch):
        raise Fenced(f"{account} belongs to epoch {at.epoch}, not {epoch}.")
    if epoch == NOBODY and not all(isinstance(entry, Asking) for entry in batch):
        raise Fenced(f"Only the owner of {account} may store that.")
    _enter(session, at, batch)
    heads.store(session, at, epoch)
    return at


def found(session: WriteSession, account: str, batch: Batch) -> None:
    """Store the first batch of an account, before anybody can own it.

    Raises
    ------
    AlreadyStored: it is not the first.
    """
    at = heads.locked(session, account)
    if at.revision:
        raise AlreadyStored(f"{account} was begun before.")
    _enter(session, at, batch)
    heads.store(session, at, NOBODY)


def _enter(session: WriteSession, at: heads.Head, batch: Batch) -> None:
    writing = _Writing(session, at)
    for entry in batch:
        writing.take(entry)
    writing.finish()
    at.revision += 1


_STORED = {
    "postgresql": postgresql.insert(ORDERS).on_conflict_do_nothing().returning(ORDERS.c.id),
    "sqlite": sqlite.insert(ORDERS).on_conflict_do_nothing().returning(ORDERS.c.id),
}

_MOVED = update(ORDERS).where(
    ORDERS.c.id == bindparam("order"), ORDERS.c.account == bindparam("whose"), ORDERS.c.state == bindparam("was")
)

_BOOKED = {
    "postgresql": postgresql.insert(BOOKINGS).on_conflict_do_nothing().returning(BOOKINGS.c.place),
    "sqlite": sqlite.insert(BOOKINGS).on_conflict_do_nothing().returning(BOOKINGS.c.place),
}

_POSTED, _LINKED, _TOLD, _HOLDS = insert(POSTINGS), insert(BOOKING_LINKS), insert(AUDIT), insert(POSITIONS)

_MINE = (POSITIONS.c.account == bindparam("whose")) & (POSITIONS.c.instrument == bindparam("of"))

_HELD = select(POSITIONS.c.quantity, POSITIONS.c.cost).where(_MINE)

_HOLDS_NOW = update(POSITIONS).where(_MINE)


class _Writing:
    # The account's head is locked: what is read here still holds when it is written.
    def __init__(self, session: WriteSession, at: heads.Head) -> None:
        self._session = session
        self._at = at
        self._lines: list[AuditLine] = []
        self._links: list[Values] = []
        self._orders: list[Values] = []

    def take(self, entry: Entry) -> None:
        # new orders one after the other go in one round; whatever may look at them comes behind it
        if not isinstance(entry, StoreOrder | Audit):
            self._store_orders()
        self.enter(entry)

    def finish(self) -> None:
        self._store_orders()
        if self._links:
            self._session.connection.execute(_LINKED, self._links)
        if self._lines:
            self._session.connection.execute(_TOLD, self._lines)

    @singledispatchmethod
    def enter(self, entry: Entry) -> None:
        raise InvalidInput(f"{type(entry).__name__} is no entry of a journal.")

    @enter.register
    def _(self, entry: StoreOrder) -> None:
        self._require_own(entry.row.intent.account)
        self._orders.append(order_values(entry.row))

    @enter.register
    def _(self, entry: ChangeOrder) -> None:
        self._require_own(entry.row.intent.account)
        given = {"order": entry.row.id, "whose": self._at.account, "was": entry.was.value}
        if not self._session.change(_MOVED, given | moving_values(entry.row)):
            _require_known(self._session, self._at.account, entry.row.id)
            raise Fenced(f"Order {entry.row.id} is not {entry.was}.")

    @enter.register
    def _(self, entry: AskCancel) -> None:
        _require_known(self._session, self._at.account, entry.order)
        wish = heads.upsert(self._session)(CANCELS).values(
            order_id=entry.order, account=self._at.account, reason=entry.reason, sent=False
        )
        again = {"reason": entry.reason, "sent": False}
        self._session.change(wish.on_conflict_do_update(index_elements=["order_id"], set_=again, where=CANCELS.c.sent))

    @enter.register
    def _(self, entry: CancelSent) -> None:
        _require_known(self._session, self._at.account, entry.order)
        self._session.change(update(CANCELS).where(CANCELS.c.order_id == entry.order).values(sent=True))

    @enter.register
    def _(self, entry: Book) -> None:
        self._require_own(entry.account)
        require_sound(entry)
        booking = booking_values(entry)
        place = self._booked(entry, booking)
        lines: list[Values] = [
            {
                "booking": place,
                "line": line,
                "account": entry.account,
                "ledger": int(each.account),
                "instrument": None if each.instrument is None else str(each.instrument),
                "amount": each.amount,
                "currency": each.currency,
            }
            for line, each in enumerate(entry.postings)
        ]
        if lines:
            self._session.connection.execute(_POSTED, lines)
        self._links.append(linked(self._at, place, booking, lines))
        self._at.cash += sum(each.amount for each in entry.postings if each.account is LedgerAccount.CASH)
        self._hold(entry)

    @enter.register
    def _(self, entry: Audit) -> None:
        self._require_own(entry.account)
        line = line_of(entry, self._at)
        self._at.audit_n, self._at.audit_hash = line["n"], line["hash"]
        self._lines.append(line)

    @enter.register
    def _(self, entry: Checkpoint) -> None:
        values = {"row": entry.row, "stamp_utc": entry.stamp_utc, "state": entry.state}
        stored = heads.upsert(self._session)(CHECKPOINTS).values(run=entry.run, **values)
        self._session.change(stored.on_conflict_do_update(index_elements=["run"], set_=values))

    @enter.register
    def _(self, entry: TapePart) -> None:
        values = {"run": entry.run, "n": entry.n, "row": entry.row, "data": entry.data}
        stored = heads.upsert(self._session)(TAPES).values(**values).on_conflict_do_nothing()
        if not self._session.change(stored):
            raise AlreadyStored(f"Part {entry.n} of the tape of {entry.run} is stored already.")

    @enter.register
    def _(self, entry: Quarantine) -> None:
        self._require_own(entry.account)
        columns = QUARANTINES.c
        if entry.released:
            mine = (columns.account == entry.account) & (columns.instrument == entry.instrument)
            self._session.change(delete(QUARANTINES).where(mine))
            return
        values = {"account": entry.account, "instrument": entry.instrument, "reason": entry.reason}
        stored = heads.upsert(self._session)(QUARANTINES).values(**values)
        again = {"reason": entry.reason}
        self._session.change(stored.on_conflict_do_update(index_elements=["account", "instrument"], set_=again))

    @enter.register
    def _(self, entry: Pull) -> None:
        kill = entry.kill
        if kill.account:
            self._require_own(kill.account)
        if kill.level is KillLevel.NONE:
            pulled = (KILLS.c.account == kill.account) & KILLS.c.released_utc.is_(None)
            self._session.change(update(KILLS).where(pulled).values(released_utc=kill.pulled_utc))
            return
        values = {"account": kill.account, "level": int(kill.level), "who": kill.who, "why": kill.why}
        self._session.change(insert(KILLS).values(**values, pulled_utc=kill.pulled_utc))

    @enter.register
    def _(self, entry: MoveRun) -> None:
        moved = update(RUNS).where(RUNS.c.id == entry.run, RUNS.c.account == self._at.account)
        if not self._session.change(moved.values(state=entry.state, reason=entry.reason)):
            raise NotFound(f"There is no run {entry.run!r}.", code="unknown_run")

    @enter.register
    def _(self, entry: Since) -> None:
        if entry.revision != self._at.revision:
            raise Outdated(f"{self._at.account} is at revision {self._at.revision}, not {entry.revision}.")

    def _store_orders(self) -> None:
        orders, self._orders = self._orders, []
        if not orders:
            return
        stored = self._session.connection.execute(_STORED[self._session.connection.dialect.name], orders)
        kept = Counter(stored.scalars())
        for values in orders:
            kept[values["id"]] -= 1
            if kept[values["id"]] < 0:
                raise AlreadyStored(f"Order {values['id']} is stored already.")

    def _require_own(self, account: str) -> None:
        if account != self._at.account:
            raise InvalidInput(f"An entry of {account} is in a batch of {self._at.account}.", code="foreign_entry")

    def _booked(self, entry: Book, values: Values) -> int:
        placed = self._session.connection.execute(_BOOKED[self._session.connection.dialect.name], values)
        place = placed.scalar_one_or_none()
        if place is None:
            raise AlreadyStored(f"{entry.reference} is in the ledger already.")
        return int(place)

    def _hold(self, entry: Book) -> None:
        costs: dict[str, int] = {}
        for each in entry.postings:
            if each.account is LedgerAccount.SECURITIES and each.instrument is not None:
                costs[str(each.instrument)] = costs.get(str(each.instrument), 0) + each.amount
        if entry.instrument is not None and entry.quantity is not None:
            costs.setdefault(str(entry.instrument), 0)
        for instrument, cost in costs.items():
            quantity = entry.quantity if instrument == str(entry.instrument) else None
            self._add(instrument, quantity or Decimal(0), cost)

    def _add(self, instrument: str, quantity: Decimal, cost: int) -> None:
        mine = {"whose": self._at.account, "of": instrument}
        found = self._session.first(_HELD, mine)
        if found is None:
            values = {"account": self._at.account, "instrument": instrument, "quantity": quantity, "cost": cost}
            self._session.change(_HOLDS, values)
            return
        self._session.change(
            _HOLDS_NOW, mine | {"quantity": found["quantity"] + quantity, "cost": found["cost"] + cost}
        )


def _require_known(session: WriteSession, account: str, order: str) -> None:
    if session.first(select(ORDERS.c.id).where(ORDERS.c.id == order, ORDERS.c.account == account)) is None:
        raise NotFound(f"There is no order {order!r}.", code="unknown_order")
