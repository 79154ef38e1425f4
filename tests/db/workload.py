"""Work on a journal that can be interrupted anywhere, and what must hold afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tests.trading.entries import ACCOUNT, audit, bought, new_row, paid_in

from midas.core.clock import SystemClock
from midas.core.errors import Unavailable
from midas.core.order import OrderState
from midas.db import journal_reads, ledger
from midas.db.audit import trail
from midas.db.database import Database, place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.trading.journal import AlreadyStored, ChangeOrder, Journal, StoreOrder

CAPITAL = 10**12
PATIENCE = 3_000
Ack = Callable[[str], None]


async def trade(journal: Journal, account: str, epoch: int, ack: Ack, orders: Iterable[int]) -> None:
    """Store and fill one order after the other, telling each once the journal has said that it is stored."""
    for number in orders:
        row = new_row(number, account)
        await insist(journal, account, epoch, [StoreOrder(row), audit(row.id, account)])
        ack(row.id)
        filled = replace(row, state=OrderState.FILLED, filled=Decimal(10))
        book = bought(f"x{row.id}", row.id, 10, 100 + number % 50, 3, account)
        await insist(
            journal, account, epoch, [ChangeOrder(filled, OrderState.NEW), book, audit(book.reference, account)]
        )
        ack(book.reference)


async def pay_in(journal: Journal, account: str, epoch: int, ack: Ack) -> None:
    """Store the capital, if it is not stored yet."""
    if not await journal.booked(account, "capital"):
        await insist(journal, account, epoch, [paid_in(CAPITAL, account=account), audit("capital", account)])
    ack("capital")


async def insist(journal: Journal, account: str, epoch: int, batch: list) -> None:
    """Store a batch, again and again while the journal says that nothing was stored."""
    refusal: Unavailable | None = None
    for _ in range(PATIENCE):
        try:
            return await journal.commit(account, epoch, batch)
        except Unavailable as error:
            refusal = error
            await asyncio.sleep(0.01)
        except AlreadyStored as error:
            raise AssertionError(f"the journal said that nothing was stored, and it was: {error}") from error
    raise AssertionError("the database did not come back") from refusal


def trade_until_killed(where: Path | str, folder: Path, send: Callable[[bytes], None]) -> None:
    """Own the account and trade, in a process that somebody will end."""

    async def live() -> None:
        place = place_of(where)
        journal = SqlJournal(place)
        ownership = SqlOwnership(place, folder, SystemClock(), lease_s=0.02)
        epoch = await ownership.acquire(ACCOUNT)
        seed = random.SystemRandom().randrange(10**9)
        await pay_in(journal, ACCOUNT, epoch, lambda what: send(what.encode()))
        await trade(journal, ACCOUNT, epoch, lambda what: send(what.encode()), range(seed, seed + 10**6))

    asyncio.run(live())


def assert_holds(where: Path | str, acknowledged: Iterable[str], account: str = ACCOUNT) -> None:
    """Check the books, the chain, and that what was told to be stored is, each batch whole."""

    async def look() -> tuple:
        database = Database(place_of(where))
        try:
            return (
                await database.read(ledger.faults, account),
                await database.read(journal_reads.orders, account, False),
                await database.read(journal_reads.fills, account, None),
                len(await database.read(trail, account)),
            )
        finally:
            database.close()

    faults, orders, fills, lines = asyncio.run(look())
    assert faults == []
    stored = {"capital"} | {row.id for row in orders} | {fill.execution for fill in fills}
    assert set(acknowledged) <= stored
    assert {row.id for row in orders if row.state is OrderState.FILLED} == {fill.order for fill in fills}
    # every batch has one line of audit: as many as things stored
    assert lines in (0, len(stored))
