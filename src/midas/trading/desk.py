"""One account as its owner works on it: orders, holdings and quarantine, each as far as it is committed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from itertools import count

from midas.core.clock import Clock
from midas.core.instrument import InstrumentId
from midas.core.order import ENDED, OrderState
from midas.execution.order_row import OrderRow
from midas.trading.bell import Bell
from midas.trading.crash_point import Reached, pass_by
from midas.trading.draft import TRADER, Decide, Draft
from midas.trading.group_commit import GroupCommit
from midas.trading.holding import Books
from midas.trading.journal import AskCancel, Audit, Entry, Journal, Undecided
from midas.trading.patience import to_the_end
from midas.trading.purchases import Purchases
from midas.trading.recent import DAY, Recents
from midas.trading.working import Working


class Desk:
    """What is known of one account. Every change is committed before it counts here, one change at a time.

    clock : the machine's, for the audit trail and for waiting. market : the market's time, by which orders are valid;
    a replay has its own. tell : hears of each change before it is stored, and may add to it.
    booked_utc : when something was last booked of an instrument, by its name, and of cash, by "", since it opened.
    places : of orders that did not end, which was stored before which. unsent : those that are NEW. unwanted : those of
    which a cancel is asked.
    linked : hears which of the broker's numbers is known to be ours now.
    """

    def __init__(
        self, account: str, currency: str, epoch: int, journal: Journal, clock: Clock, market: Clock | None = None,
        reached: Reached = pass_by,
    ) -> None:  # fmt: skip
        self.account = account
        self.epoch = epoch
        self.journal = journal
        self.clock = clock
        self.market = market or clock
        self.reached = reached
        self.rows: dict[str, OrderRow] = {}
        self.given_up: dict[str, OrderRow] = {}
        self.numbers: dict[str, str] = {}
        self.working = Working()
        self.recent = Recents()
        self.books = Books(currency)
        self.purchases = Purchases()
        self.filled_utc: datetime | None = None
        self.booked_utc: dict[str, datetime] = {}
        self.quarantined: dict[str, str] = {}
        self.unsent: set[str] = set()
        self.places: dict[str, int] = {}
        self._next = count()
        self.unwanted: set[str] = set()
        self.unknowns_s: deque[float] = deque(maxlen=16)
        self.bells: list[Bell] = []
        self.tell: Callable[[Draft], None] = _tell_nobody
        self.linked: Callable[[str], Awaitable[None]] = _linked
        self._undecided: Undecided | None = None
        self._changing = asyncio.Lock()
        self._together = GroupCommit(self._changing, self._draft, self._finish)

    async def open(self) -> None:
        """Read what was committed before: what is still at work, and of the past no more than is asked about."""
        self.books.open(await self.journal.balance(self.account))
        self.quarantined = dict(await self.journal.quarantined(self.account))
        for row in await self.journal.orders(self.account):
            self.keep(row)
        self.unwanted = {row.id for row in await self.journal.cancels(self.account)}
        # rates, duplicates and runaways are counted across restarts; a replay has a time of its own, which only its
        # runs' orders are stamped with
        since_utc = self.now_utc - DAY if self.market is self.clock else None
        lately = await self.journal.lately(self.account, since_utc)
        self.recent.begin(lately.orders)
        self.filled_utc = lately.fill_utc

    @property
    def now_utc(self) -> datetime:
        return self.clock.now_utc()

    def ring(self) -> None:
        """Tell everyone who waits that something changed."""
        for bell in self.bells:
            bell.ring()

    def keep(self, row: OrderRow) -> None:
        """Know an order as it was committed."""
        before = self.rows.pop(row.id, None)
        if before is not None:
            self.working.count(before, -1)
        if row.number and (before is None or not before.number):
            self.numbers[row.number] = row.id
        if row.state is OrderState.NEW:
            self.unsent.add(row.id)
        else:
            self.unsent.discard(row.id)
        if row.state is OrderState.NOT_PLACED:
            self.given_up[row.id] = row
        else:
            self.given_up.pop(row.id, None)
        if row.state not in ENDED:
            self.rows[row.id] = row
            self.working.count(row)
            self.places.setdefault(row.id, next(self._next))
        else:
            self.places.pop(row.id, None)
            self.unwanted.discard(row.id)

    async def order(self, order: str) -> OrderRow | None:
        """Return an order of this account, ended ones too."""
        row = self.rows.get(order) or await self.journal.order(order)
        return row if row is not None and row.intent.account == self.account else None

    async def numbered(self, number: str) -> OrderRow | None:
        """Return the order its broker knows by this number, the newest of several."""
        known = self.numbers.get(number)
        return await self.order(known) if known else await self.journal.numbered(self.account, number)

    async def commit(self, step: str, *entries: Entry) -> None:
        """Store a batch that changes no order and no holding.

        Raises
        ------
        Fenced, AlreadyStored, Unavailable, StorageFull: see `Journal.commit`.
        """
        self.reached(f"before_{step}")
        await self._store(entries)
        self.reached(f"after_{step}")
        self._note_cancels(entries)

    @asynccontextmanager
    async def change(self, step: str, *also: Entry) -> AsyncIterator[Draft]:
        """Draft changes while nothing else moves; they are committed at the end, with `also`, whole or not at all.

        Raises
        ------
        IllegalMove, Fenced, AlreadyStored, Unavailable, StorageFull: so, and nothing changed.
        """
        async with self._changing:
            draft = self._draft([step])
            yield draft
            draft.entries += also
            if draft.entries:
                # a change that began is finished: what is stored and what is known never part
                await to_the_end(asyncio.create_task(self._finish(draft)))

    async def store(self, step: str, rows: Sequence[OrderRow], *also: Entry) -> None:
        """Store new orders with what else belongs to them, whole or not at all."""

        async def act(draft: Draft) -> None:
            for row in rows:
                draft.store(row)

        await self._together.carry_out(step, act, (row.id for row in rows), *also, new=True)

    async def move(self, step: str, order: str, decide: Decide, *also: Entry) -> OrderRow | None:
        """Move an order on by what `decide` says of it as it is now; None where there is no such order."""

        async def act(draft: Draft) -> OrderRow | None:
            row = draft.new(order) or await self.order(order)
            return None if row is None else draft.move(step, row, decide)

        return await self._together.carry_out(step, act, (order,), *also)

    async def take_in(self, order: str) -> None:
        """Know an order that somebody else stored, if it still waits: what was listed may be over by now."""
        async with self._changing:
            row = await self.journal.order(order)
            if row is not None and row.state is OrderState.NEW and row.id not in self.rows:
                self.keep(row)
                self.recent.stored(row, self.market.now_utc())

    async def quarantine(self, instrument: str, reason: str) -> None:
        """Order nothing more there until a person released it; once is enough."""
        if instrument not in self.quarantined:
            async with self.change("quarantine") as draft:
                draft.quarantine(instrument, reason)

    async def recall_quarantine(self) -> list[str]:
        """Know what is in quarantine as it is stored; return what somebody released since."""
        async with self._changing:
            before = self.quarantined
            self.quarantined = dict(await self.journal.quarantined(self.account))
        return sorted(before.keys() - self.quarantined.keys())

    def audit(self, act: str, subject: str, detail: dict[str, object], who: str = TRADER) -> Audit:
        """Return a line of the audit trail."""
        return Audit(self.account, who, act, subject, detail, self.now_utc)

    def held(self, instrument: InstrumentId) -> Decimal:
        return self.books.quantities.get(instrument, Decimal(0))

    def _draft(self, steps: Iterable[str]) -> Draft:
        return Draft(self.account, self.epoch, self.now_utc, self.books, steps)

    async def _finish(self, *drafts: Draft) -> None:
        for draft in drafts:
            draft.be_told(self.tell)
        changed = [draft for draft in drafts if draft.entries]
        if not changed:
            return
        steps = dict.fromkeys(step for draft in changed for step in draft.steps)
        entries = [entry for draft in changed for entry in draft.entries]
        for step in steps:
            self.reached(f"before_{step}")
        await self._store(entries)
        for step in steps:
            self.reached(f"after_{step}")
        for draft in changed:
            self._learn(draft)
        self._note_cancels(entries)
        if any(draft.stored or draft.rows for draft in changed) or any(isinstance(one, AskCancel) for one in entries):
            self.ring()

    async def _store(self, entries: Sequence[Entry]) -> None:
        # where nobody could say whether something was stored, what is known here may be older than the journal: nothing
        # more is decided on it, also by those who waited for their turn
        if self._undecided is not None:
            raise self._undecided
        try:
            await self.journal.commit(self.account, self.epoch, entries)
        except Undecided as error:
            self._undecided = error
            raise

    def _note_cancels(self, entries: Sequence[Entry]) -> None:
        asked = {entry.order for entry in entries if isinstance(entry, AskCancel)}
        self.unwanted |= asked & self.rows.keys()

    def _learn(self, draft: Draft) -> None:
        for row in draft.stored:
            self.keep(row)
            self.recent.stored(row, self.market.now_utc())
        for before, after in draft.rows.values():
            if after.state is OrderState.UNKNOWN and before.state is not OrderState.UNKNOWN:
                self.unknowns_s.append(self.clock.monotonic_s())
            self.keep(after)
        self.quarantined |= draft.quarantined
        for fill in draft.fills:
            self.recent.executed(fill)
            self.purchases.executed(fill)
            self.filled_utc = max(self.filled_utc or fill.stamp_utc, fill.stamp_utc)
        for book in draft.booked:
            self.books.apply(book)
            self.booked_utc[""] = now_utc = self.now_utc
            if book.instrument is not None:
                self.booked_utc[str(book.instrument)] = now_utc


def outbox_of(desk: Desk) -> list[str]:
    """Return the orders that are NEW, in the order they were stored, also those that came back."""
    return sorted(desk.unsent, key=desk.places.__getitem__)


def _tell_nobody(_draft: Draft) -> None:
    pass


async def _linked(_number: str) -> None:
    pass
