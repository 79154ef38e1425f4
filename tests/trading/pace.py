"""How quick the whole office is on a real database: orders by the clock, and as many as it can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.trading.faulty_broker import FaultyBroker
from tests.trading.shop import NAME

from midas.core.instrument import Instrument
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.execution.broker import BrokerOrder, Ticket
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.risk.limits import Limits
from midas.risk.verdict import Allow
from midas.trading.office import Mission, Office, Surroundings
from midas.venues.catalogue import venue

ACCOUNT = "paced"
CAPITAL = 1_000_000_000_00
BEGAN_UTC = datetime(2024, 3, 4, 15, 0, tzinfo=UTC)
"""Half an hour after New York opened, whenever the test runs."""

LIMITS = Limits(duplicate_window_s=None, quote_age_s=None, collar=0.05, position=0.9, orders_per_second=100_000)


class MarketTime:
    """A clock that begins within market hours and goes as the machine's does."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()

    def now_utc(self) -> datetime:
        return BEGAN_UTC + timedelta(seconds=time.monotonic() - self._begun_s)

    def monotonic_s(self) -> float:
        return time.monotonic()


class QuickBroker(FaultyBroker):
    """Answers at once, and notes when it was called."""

    def __init__(self, clock: MarketTime) -> None:
        super().__init__(clock)
        self.cash = CAPITAL
        self.called_s: dict[str, float] = {}
        self._by_id: dict[str, BrokerOrder] = {}

    async def submit(self, ticket: Ticket) -> str:
        self.called_s[ticket.id] = time.monotonic()
        number = await super().submit(ticket)
        self._by_id[ticket.id] = self.book[number]
        return number

    def _with_id(self, client_id: str) -> BrokerOrder | None:
        return self._by_id.get(client_id)


@dataclass
class Measured:
    """Seconds of each order, from the signal until it is stored, and from there until the broker is called."""

    stored_s: list[float] = field(default_factory=list)
    called_s: list[float] = field(default_factory=list)


@asynccontextmanager
async def trading(
    where: Path | str, folder: Path, prepare: Callable[[QuickBroker], None] = lambda _broker: None
) -> AsyncIterator[tuple[Office, QuickBroker]]:
    """Yield an office at work, with a broker as `prepare` makes it."""
    clock = MarketTime()
    place = place_of(where)
    journal, ownership, broker = SqlJournal(place), SqlOwnership(place, folder, clock), QuickBroker(clock)
    prepare(broker)
    mission = Mission(
        ACCOUNT, "USD", False, lambda _clock: broker, CAPITAL, {"": LIMITS}, (Instrument(NAME),),
        {NAME.venue: venue(NAME.venue)},
    )  # fmt: skip
    office = Office(
        mission, Surroundings(journal, ownership, clock, lambda: 1.0), await ownership.acquire(ACCOUNT)
    )  # fmt: skip
    now_utc = clock.now_utc()
    office.quotes.hear(Tick(NAME, 100.0, 1.0, now_utc, now_utc), [NAME])
    await office.open()
    working = asyncio.create_task(office.work())
    ready = asyncio.create_task(office.ready.wait())
    try:
        await asyncio.wait([working, ready], return_when=asyncio.FIRST_COMPLETED, timeout=60)
        assert ready.done(), "never ready"
        yield office, broker
        assert not working.done(), working.exception()
    finally:
        ready.cancel()
        working.cancel()
        await asyncio.gather(working, ready, return_exceptions=True)
        await ownership.close()
        await journal.close()


async def one(office: Office, sequence: int) -> str:
    """Bring an order from the signal through the gate to where it is stored; return its id."""
    now_utc = office.desk.now_utc
    intent = OrderIntent(
        account=ACCOUNT, run="", instrument=NAME, side=Side.BUY, quantity=Decimal(1 + sequence % 50),
        kind=OrderKind.LIMIT, time_in_force=TimeInForce.DAY, stamp_utc=now_utc,
        valid_until_utc=now_utc + timedelta(hours=1), leg="manual", sequence=sequence,
        limit_price=Decimal(100), reference_price=Decimal(100),
    )  # fmt: skip
    identity = order_id(intent)
    verdict = office.gatekeeper.ask(identity, intent)
    assert isinstance(verdict, Allow), verdict
    await office.desk.store("store", [OrderRow(identity, intent, OrderState.NEW)])
    return identity


async def paced(office: Office, broker: QuickBroker, orders: int, per_s: float) -> Measured:
    """Send orders by the clock; one that has to wait for those before it is as late as that makes it."""
    measured, stored_at_s = Measured(), dict[str, float]()
    begun_s = time.monotonic() + 0.1

    async def at(sequence: int) -> None:
        due_s = begun_s + sequence / per_s
        await asyncio.sleep(due_s - time.monotonic())
        identity = await one(office, sequence)
        stored_at_s[identity] = time.monotonic()
        measured.stored_s.append(stored_at_s[identity] - due_s)

    async with asyncio.timeout(orders / per_s * 20 + 60), asyncio.TaskGroup() as group:
        for sequence in range(orders):
            group.create_task(at(sequence))
    await _accepted(office, orders)
    measured.called_s = [broker.called_s[each] - stored_s for each, stored_s in stored_at_s.items()]
    return measured


async def as_many_as_it_can(office: Office, orders: int) -> float:
    """Store orders one after the other from eight at once; return how many a second are at the broker."""
    begun_s = time.monotonic()
    left = iter(range(10**6, 10**6 + orders))

    async def work() -> None:
        for sequence in left:
            await one(office, sequence)

    async with asyncio.timeout(orders / 5 + 60), asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(work())
    before = len(await office.desk.journal.orders(ACCOUNT, active=False)) - orders
    await _accepted(office, before + orders)
    return orders / (time.monotonic() - begun_s)


async def _accepted(office: Office, orders: int) -> None:
    def waiting() -> bool:
        rows = office.desk.rows.values()
        return len(rows) < orders or any(row.state is not OrderState.OPEN for row in rows)

    async with asyncio.timeout(orders / 5 + 60):
        while waiting():
            await asyncio.sleep(0.005)
