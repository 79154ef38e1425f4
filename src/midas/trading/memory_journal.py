"""The journal in memory: for replays that need not outlive the process, and the plainest form of the port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from midas.core.errors import Busy
from midas.core.order import Fill, OrderState
from midas.execution.order_row import OrderRow
from midas.risk.kill import Kill
from midas.trading.journal import (
    NOBODY,
    Asking,
    Audit,
    Balance,
    Batch,
    Book,
    Checkpoint,
    Fenced,
    Lately,
    MoveRun,
    TapePart,
)
from midas.trading.memory_store import MemoryStore
from midas.trading.origin import BROKERS_OWN, origin_of
from midas.trading.recent import DAY, recent_of

_FIRST = datetime(1970, 1, 2, tzinfo=UTC)


class MemoryJournal:
    """A journal of every account, in dictionaries."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    async def commit(self, account: str, epoch: int, batch: Batch) -> None:
        if epoch != NOBODY:
            self.require(account, epoch)
        elif not all(isinstance(entry, Asking) for entry in batch):
            raise Fenced(f"Only the owner of {account} may store that.")
        self.store.write(account, batch)

    async def revision(self, account: str) -> int:
        return self.store.so_far(account).revision

    async def order(self, order: str) -> OrderRow | None:
        home = self.store.homes.get(order)
        return None if home is None else self.store.accounts[home].orders[order]

    async def numbered(self, account: str, number: str) -> OrderRow | None:
        stored = self.store.accounts[account]
        order = stored.numbers.get(number)
        return None if order is None else stored.orders[order]

    async def orders(
        self, account: str, *, active: bool = True, sent_utc: datetime | None = None
    ) -> Sequence[OrderRow]:
        stored = self.store.accounts[account]
        rows = stored.oldest_first(stored.active if active else stored.orders)
        return [row for row in rows if sent_utc is None or (row.sent_utc is not None and row.sent_utc >= sent_utc)]

    async def lately(self, account: str, since_utc: datetime | None) -> Lately:
        fills = await self.fills(account)
        executions = Counter(fill.order for fill in fills)
        ours = [row for row in await self.orders(account, active=False) if origin_of(row.intent) not in BROKERS_OWN]
        rows = [row for row in ours if row.intent.run or since_utc is not None]
        first_utc = since_utc or max((row.intent.stamp_utc for row in rows), default=_FIRST) - DAY
        found = [recent_of(row, executions[row.id]) for row in rows if row.intent.stamp_utc >= first_utc]
        fill_utc = max((fill.stamp_utc for fill in fills), default=None)
        return Lately(sorted(found, key=lambda each: each.stored_utc), fill_utc)

    async def outbox(self, account: str, epoch: int) -> Sequence[OrderRow]:
        self.require(account, epoch)
        return [row for row in await self.orders(account) if row.state is OrderState.NEW]

    async def cancels(self, account: str) -> Sequence[OrderRow]:
        stored = self.store.accounts[account]
        return stored.oldest_first(stored.cancels)

    async def booked(self, account: str, *references: str) -> frozenset[str]:
        books = self.store.accounts[account].books
        return frozenset(each for each in references if each in books)

    async def fills(self, account: str, order: str | None = None, since_utc: datetime | None = None) -> Sequence[Fill]:
        fills = [book.fill for book in self.books(account) if book.fill is not None]
        mine = [fill for fill in fills if order is None or fill.order == order]
        return [fill for fill in mine if since_utc is None or fill.stamp_utc >= since_utc]

    async def balance(self, account: str) -> Balance:
        stored = self.store.accounts[account]
        held = {each: quantity for each, quantity in stored.quantities.items() if quantity}
        return Balance(stored.cash, held, {each: cost for each, cost in stored.costs.items() if cost})

    async def checkpoint(self, run: str) -> Checkpoint | None:
        return self.store.checkpoints.get(run)

    async def kills(self, account: str) -> Sequence[Kill]:
        return [kill for kill in self.store.kills if kill.account in (account, "")]

    async def quarantined(self, account: str) -> Mapping[str, str]:
        return dict(self.store.so_far(account).quarantined)

    def run(self, run: str) -> MoveRun | None:
        """Return how a run last moved."""
        return self.store.runs.get(run)

    async def trail(self, account: str) -> Sequence[Audit]:
        return self.audits(account)

    def tape(self, run: str) -> Sequence[TapePart]:
        """Return what was recorded of a run, in its order."""
        return list(self.store.tapes.get(run, ()))

    def audits(self, account: str) -> Sequence[Audit]:
        """Return the audit trail, oldest first."""
        return list(self.store.accounts[account].audits)

    def books(self, account: str) -> Sequence[Book]:
        """Return what was booked, oldest first."""
        return list(self.store.accounts[account].books.values())

    def require(self, account: str, epoch: int) -> None:
        """Check that an owner of `epoch` may still write.

        Raises
        ------
        Fenced: it may not.
        """
        current = self.store.so_far(account).epoch
        if epoch == NOBODY or epoch != current:
            raise Fenced(f"{account} is at epoch {current}, not {epoch}.")


class MemoryOwnership:
    """Who may write to a journal in memory; `crash` frees an account as the system frees what a dead process held."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    async def acquire(self, account: str) -> int:
        stored = self._journal.store.so_far(account)
        if stored.owned:
            raise Busy(f"{account} has an owner.", hint="Stop the other trader first.", code="owned")
        stored.owned = True
        stored.epoch += 1
        return stored.epoch

    async def renew(self, account: str, epoch: int) -> None:
        self._journal.require(account, epoch)

    async def release(self, account: str, epoch: int) -> None:
        self._journal.require(account, epoch)
        self.crash(account)

    def crash(self, account: str) -> None:
        """Free an account without a word of its owner, who may still write until the next one comes."""
        self._journal.store.so_far(account).owned = False
