"""Many at once on one account: no update is lost, and nobody decides on what is not true any more."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests.scale import scaled
from tests.trading.entries import ACCOUNT, APPLE, audit, bought, new_row, paid_in

from midas.core.clock import SystemClock
from midas.core.errors import Busy
from midas.core.order import OrderState
from midas.db import heads, journal_reads, ledger
from midas.db.database import Database, place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.trading.journal import NOBODY, ChangeOrder, Fenced, Outdated, Since, StoreOrder

WORKERS = 8
PRICE = 100
CAPITAL = 40 * PRICE
"""Small beside the orders, so that what may still be ordered is contested all the time."""


class Desk:
    """One of many who order within what is left, fill each other's orders, and pay in: with a connection of its own."""

    def __init__(self, where: Path | str, name: int, epoch: int, seen: Counter[str]) -> None:
        self.journal = SqlJournal(place_of(where))
        self.luck = random.Random(name)
        self.name = name
        self.epoch = epoch
        self.seen = seen
        self.stored = 0

    async def work(self, operations: int) -> None:
        for _ in range(operations):
            act = self.luck.choice([self.order, self.order, self.fill, self.pay])
            while True:
                try:
                    await act()
                    break
                except (Outdated, Busy) as again:
                    self.seen[type(again).__name__] += 1
        await self.journal.close()

    async def order(self) -> None:
        revision = await self.journal.revision(ACCOUNT)
        free = (await self.journal.balance(ACCOUNT)).cash - await self.reserved()
        quantity = self.luck.randint(1, 10)
        if free < quantity * PRICE:
            self.seen["no cash"] += 1
            return
        row = new_row(self.name * 10**6 + self.stored, quantity=Decimal(quantity), limit_price=Decimal(PRICE))
        await self.commit(NOBODY, Since(revision), StoreOrder(row), audit(row.id))
        self.seen["ordered"] += 1

    async def fill(self) -> None:
        waiting = [row for row in await self.journal.orders(ACCOUNT) if row.state is OrderState.NEW]
        if not waiting:
            return
        row = self.luck.choice(waiting)
        quantity = int(row.intent.quantity)
        filled = replace(row, state=OrderState.FILLED, filled=row.intent.quantity)
        book = bought(f"x{row.id}", row.id, quantity, quantity * PRICE)
        try:
            await self.commit(self.epoch, ChangeOrder(filled, OrderState.NEW), book, audit(book.reference))
        except Fenced:
            self.seen["filled by another"] += 1
            return
        self.seen["filled"] += quantity

    async def pay(self) -> None:
        if self.luck.random() < 0.7:
            return
        await self.commit(self.epoch, paid_in(PRICE, f"p{self.name}.{self.stored}"), audit("pay"))
        self.seen["paid in"] += 1

    async def reserved(self) -> int:
        return sum(int(row.intent.quantity) * PRICE for row in await self.journal.orders(ACCOUNT))

    async def commit(self, epoch: int, *batch: object) -> None:
        await self.journal.commit(ACCOUNT, epoch, batch)
        self.stored += 1


@pytest.mark.figure("B7")
def test_eight_at_once_never_spend_what_is_not_there(where, tmp_path, record_property):
    seen: Counter[str] = Counter()
    operations = scaled(30_000 if isinstance(where, str) else 10_000) // WORKERS

    async def live() -> tuple[list[Desk], SqlJournal]:
        place_of(where).upgrade()
        ownership = SqlOwnership(place_of(where), tmp_path, SystemClock(), 60)
        epoch = await ownership.acquire(ACCOUNT)
        first = SqlJournal(place_of(where))
        await first.commit(ACCOUNT, epoch, [paid_in(CAPITAL), audit("capital")])
        desks = [Desk(where, name, epoch, seen) for name in range(1, WORKERS + 1)]
        await asyncio.gather(*(desk.work(operations) for desk in desks), _watch(where, operations))
        await ownership.close()
        return desks, first

    async def judge() -> None:
        desks, journal = await live()
        balance = await journal.balance(ACCOUNT)
        fills = await journal.fills(ACCOUNT)
        assert await journal.revision(ACCOUNT) == 1 + sum(desk.stored for desk in desks), "every batch counted once"
        assert len({fill.order for fill in fills}) == len(fills), "no order filled twice"
        assert balance.cash == CAPITAL + PRICE * (seen["paid in"] - seen["filled"])
        assert balance.quantities.get(APPLE, Decimal(0)) == seen["filled"]
        database = Database(place_of(where))
        assert await database.read(ledger.faults, ACCOUNT) == []
        database.close()
        await journal.close()

    asyncio.run(judge())
    assert seen["Outdated"] + seen["filled by another"] > 0, "they never got in each other's way"
    record_property("operations", operations * WORKERS)
    record_property(f"{WORKERS} at once", str(dict(seen)))


async def _watch(where: Path | str, operations: int) -> None:
    # what may be spent is looked at in one transaction, all along
    database = Database(place_of(where))
    for _ in range(operations):
        cash, orders = await database.read(
            lambda session: (heads.head(session, ACCOUNT).cash, journal_reads.orders(session, ACCOUNT, True))
        )
        reserved = sum(int(row.intent.quantity) * PRICE for row in orders)
        assert reserved <= cash
        await asyncio.sleep(0.01)
    database.close()
