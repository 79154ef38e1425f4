"""An account with 1,000 orders at work and 500 positions is taken up again in seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.postgres import Postgres
from tests.scale import FULL, scale, scaled
from tests.trading.pace import ACCOUNT, BEGAN_UTC, CAPITAL, MarketTime, QuickBroker, trading

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.db.database import Database, place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.execution.broker import BrokerOrder, BrokerState
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.portfolio.booking import MoveKind, postings_of_fill, postings_of_move
from midas.trading.journal import Book, Entry, StoreOrder

WHOLE = scale() >= FULL
ORDERS, POSITIONS = (1_000, 500) if WHOLE else (200, 100)
READY_S, RECONCILED_S = 5.0, 2.0
MARGIN = 1.0 if WHOLE else 10.0
"""`make test` may share its machine with a dozen others."""

NAMES = [InstrumentId(f"A{number}", "XNAS") for number in range(POSITIONS)]


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.fresh()
    Database.open(tmp_path / "midas.db").close()
    return tmp_path / "midas.db"


def orders() -> list[OrderRow]:
    """Orders at work, two of each name."""
    rows = []
    for sequence in range(ORDERS):
        intent = OrderIntent(
            account=ACCOUNT, run="", instrument=NAMES[sequence % POSITIONS], side=Side.BUY, quantity=Decimal(10),
            kind=OrderKind.LIMIT, time_in_force=TimeInForce.GTC, stamp_utc=BEGAN_UTC,
            valid_until_utc=BEGAN_UTC + timedelta(days=2), leg="manual", sequence=sequence,
            limit_price=Decimal(90), reference_price=Decimal(100),
        )  # fmt: skip
        rows.append(
            OrderRow(
                order_id(intent), intent, OrderState.OPEN, number=f"N{sequence}", attempt=1, epoch=1,
                changed_utc=BEGAN_UTC,
            )
        )  # fmt: skip
    return rows


def holdings() -> list[Entry]:
    """What was paid in, and a purchase of each name."""
    paid = postings_of_move(MoveKind.DEPOSIT, CAPITAL, "USD")
    entries: list[Entry] = [Book(ACCOUNT, "capital", None, "deposit", None, None, paid, BEGAN_UTC)]
    for number, name in enumerate(NAMES):
        fill = Fill(ACCOUNT, "", f"B{number}", name, Side.BUY, Decimal(10), Decimal(100), 1000_00, 0, 0, BEGAN_UTC)
        postings = postings_of_fill(fill, Decimal(0), 0, "USD")
        entries.append(Book(ACCOUNT, f"B{number}", None, "fill", name, Decimal(10), postings, BEGAN_UTC))
    return entries


def told(row: OrderRow) -> BrokerOrder:
    intent = row.intent
    return BrokerOrder(
        row.number, row.id, intent.instrument, intent.side, intent.quantity, intent.kind, intent.limit_price,
        BrokerState.OPEN, Decimal(0), BEGAN_UTC,
    )  # fmt: skip


@pytest.mark.figure("R5b")
def test_is_ready_again_and_agrees(
    where: Path | str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    kind, rows = "PostgreSQL" if isinstance(where, str) else "SQLite", orders()

    async def fill() -> None:
        journal, ownership = SqlJournal(place_of(where)), SqlOwnership(place_of(where), tmp_path, MarketTime(), 600.0)
        epoch = await ownership.acquire(ACCOUNT)
        await journal.commit(ACCOUNT, epoch, [*holdings(), *(StoreOrder(row) for row in rows)])
        await ownership.release(ACCOUNT, epoch)
        await ownership.close()
        await journal.close()

    async def again() -> tuple[float, float]:
        begun_s = time.monotonic()
        async with trading(where, tmp_path, _with_all_of_it(rows)) as (office, _broker):
            ready_s = time.monotonic() - begun_s
            begun_s = time.monotonic()
            assert await office.reconciler.once()
            took_s = time.monotonic() - begun_s
            assert (office.reconciler.findings, office.desk.quarantined) == (frozenset(), {})
            assert len(office.desk.rows) == ORDERS
            await office.lease._ownership.release(ACCOUNT, office.desk.epoch)
        return ready_s, took_s

    asyncio.run(fill())
    trials = max(1, scaled(20))
    ready_s, reconciled_s = zip(*(asyncio.run(again()) for _ in range(trials)), strict=True)
    record_property("restarts", trials)
    of = f"of {trials}, {ORDERS} orders and {POSITIONS} positions on {kind}"
    record_property(f"ready on {kind}", f"{max(ready_s):.2f} s, slowest {of}; goal {READY_S:.0f} s")
    record_property(f"reconciled on {kind}", f"{max(reconciled_s):.2f} s, slowest {of}; goal {RECONCILED_S:.0f} s")
    assert max(ready_s) <= READY_S * MARGIN
    assert max(reconciled_s) <= RECONCILED_S * MARGIN


def _with_all_of_it(rows: list[OrderRow]) -> Callable[[QuickBroker], None]:
    def prepare(broker: QuickBroker) -> None:
        broker.cash = CAPITAL - POSITIONS * 1000_00
        broker.held = dict.fromkeys(NAMES, Decimal(10))
        broker.book = {row.number: told(row) for row in rows}

    return prepare
