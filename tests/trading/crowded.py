"""A trader in a process of its own, with a full account: a thousand open orders, five hundred positions, a past.

usage: python -m tests.trading.crowded WHERE FOLDER LEASE_S PACE_S

PACE_S is the pause between new orders, 0 for none. It says what it does on its standard output, and its broker keeps
what reached it, and when by the clock all processes share, in FOLDER.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from midas.app.traders import FENCED_EXIT, _hear_signals, way_out
from midas.core.clock import SystemClock
from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import Fill, OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.execution.broker import (
    BrokerFill,
    BrokerOrder,
    BrokerState,
    Bust,
    Capabilities,
    CashMove,
    ClientIds,
    Holdings,
    Report,
    Ticket,
)
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.portfolio.booking import Posting
from midas.portfolio.ledger import LedgerAccount
from midas.risk.limits import Limits
from midas.trading.daemon import Trader
from midas.trading.flag_file import FlagFile
from midas.trading.journal import NOBODY, Book, Entry, Fenced, StoreOrder
from midas.trading.obeying import Halted
from midas.trading.office import Mission, Office, Surroundings
from midas.trading.wishes import Wanted
from midas.venues.catalogue import venue

ACCOUNT, OPEN, POSITIONS = "crowded", 1_000, 500
NAMES = [InstrumentId(f"S{number}", "XNAS") for number in range(POSITIONS)]
CAPITAL, PRICE = 10**11, 10_000
HALTED_EXIT = 3
LIMITS = Limits(collar=None, quote_age_s=None, duplicate_window_s=None)
_BEGAN_UTC = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def open_rows(count: int = OPEN) -> list[OrderRow]:
    """The orders that are at the broker."""
    return [
        replace(_row(number, _BEGAN_UTC), state=OrderState.OPEN, number=f"O{number}", attempt=1, epoch=1,
                sent_utc=_BEGAN_UTC)
        for number in range(count)
    ]  # fmt: skip


def past(count: int) -> list[Entry]:
    """Orders that were filled long ago; those of the first five hundred are what is held."""
    entries: list[Entry] = []
    for number in range(POSITIONS + count):
        stamp = _BEGAN_UTC - timedelta(days=200) + timedelta(minutes=number)
        side = Side.BUY if number < POSITIONS or number % 2 else Side.SELL
        row = _row(number, stamp, leg="past", side=side)
        done = replace(row, state=OrderState.FILLED, number=f"P{number}", attempt=1, sent_utc=stamp, filled=Decimal(1))
        entries += [StoreOrder(done), _booked(done, side)]
    return entries


async def fill(where: Path | str, folder: Path, history: int, count: int = OPEN) -> None:
    """Store all of it, as an owner would have."""
    place, clock = place_of(where), SystemClock()
    journal, ownership = SqlJournal(place), SqlOwnership(place, folder, clock, lease_s=600.0)
    epoch = await ownership.acquire(ACCOUNT)
    money = (
        Posting(LedgerAccount.CASH, None, CAPITAL, "USD"), Posting(LedgerAccount.CAPITAL, None, -CAPITAL, "USD"),
    )  # fmt: skip
    paid = Book(ACCOUNT, "capital", None, "deposit", None, None, money, _BEGAN_UTC)
    await journal.commit(ACCOUNT, epoch, [paid, *past(history), *(StoreOrder(row) for row in open_rows(count))])
    await ownership.release(ACCOUNT, epoch)
    await ownership.close()
    await journal.close()


def _row(number: int, stamp_utc: datetime, leg: str = "hand", side: Side = Side.BUY) -> OrderRow:
    intent = OrderIntent(
        account=ACCOUNT, run="", instrument=NAMES[number % POSITIONS], side=side, quantity=Decimal(1),
        kind=OrderKind.LIMIT, time_in_force=TimeInForce.GTC, stamp_utc=stamp_utc,
        valid_until_utc=stamp_utc + timedelta(days=90), leg=leg, sequence=number, limit_price=Decimal(90),
        reference_price=Decimal(100),
    )  # fmt: skip
    return OrderRow(order_id(intent), intent, OrderState.NEW, changed_utc=stamp_utc)


def _booked(row: OrderRow, side: Side) -> Book:
    wish = row.intent
    stamp = wish.stamp_utc
    done = Fill(ACCOUNT, row.id, f"X{row.number}", wish.instrument, side, Decimal(1), Decimal(100), PRICE, 0, 0, stamp)
    sign = 1 if side is Side.BUY else -1
    postings = (
        Posting(LedgerAccount.CASH, None, -sign * PRICE, "USD"),
        Posting(LedgerAccount.SECURITIES, wish.instrument, sign * PRICE, "USD"),
    )
    return Book(ACCOUNT, done.execution, done, "fill", wish.instrument, Decimal(sign), postings, stamp)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that reached the broker."""

    what: str
    at_s: float
    number: str
    order: str
    pid: int


def log_of(folder: Path) -> list[Line]:
    """Return what reached the broker, in that order."""
    file = folder / "broker.log"
    words = [text.split() for text in file.read_text().splitlines()] if file.exists() else []
    return [Line(each[0], float(each[1]), each[2], each[3], int(each[4])) for each in words]


class KeptBroker:
    """Takes every order and fills none; what it took outlives whoever sent it."""

    capabilities = Capabilities(
        ClientIds.UNIQUE, frozenset(OrderKind), frozenset(TimeInForce), cancels_per_s=10.0
    )  # fmt: skip

    def __init__(self, folder: Path, holdings: Holdings, count: int) -> None:
        self._log = (folder / "broker.log").open("a", buffering=1)
        self._holdings = holdings
        self._book: dict[str, BrokerOrder] = {row.number: _told(row) for row in open_rows(count)}
        self._told: asyncio.Queue[Report] = asyncio.Queue()
        for line in log_of(folder):
            if line.what == "submit":
                self._book[line.number] = replace(_told(open_rows(1)[0]), number=line.number, client_id=line.order)
            else:
                self._end(line.number)

    async def submit(self, ticket: Ticket) -> str:
        number = f"N{len(self._book)}"
        self._say("submit", number, ticket.id)
        row = open_rows(1)[0]
        self._book[number] = replace(_told(row), number=number, client_id=ticket.id, instrument=ticket.instrument)
        return number

    async def cancel(self, number: str) -> None:
        self._say("cancel", number, self._book[number].client_id)
        self._told.put_nowait(self._end(number))

    def _end(self, number: str) -> BrokerOrder:
        self._book[number] = replace(self._book[number], state=BrokerState.CANCELED)
        return self._book[number]

    def _say(self, what: str, number: str, order: str) -> None:
        self._log.write(f"{what} {time.monotonic():.6f} {number} {order} {os.getpid()}\n")

    async def find(self, client_id: str) -> BrokerOrder | None:
        return next((each for each in self._book.values() if each.client_id == client_id), None)

    async def orders(self) -> Sequence[BrokerOrder]:
        return list(self._book.values())

    async def fills(self, since_utc: datetime) -> Sequence[BrokerFill | Bust | CashMove]:
        return ()

    async def holdings(self) -> Holdings:
        return self._holdings

    async def reports(self) -> AsyncIterator[Report]:
        while True:
            yield await self._told.get()


def _told(row: OrderRow) -> BrokerOrder:
    wish = row.intent
    return BrokerOrder(
        row.number, row.id, wish.instrument, wish.side, wish.quantity, wish.kind, wish.limit_price, BrokerState.OPEN,
        Decimal(0), _BEGAN_UTC,
    )  # fmt: skip


class Owners:
    """One account, for ever."""

    def __init__(self, journal: SqlJournal, folder: Path) -> None:
        self._journal, self._folder = journal, folder

    async def wanted(self) -> Sequence[Wanted]:
        return [Wanted(ACCOUNT, {"r1": "paper"})]

    async def mission(self, _wanted: Wanted) -> Mission:
        balance = await self._journal.balance(ACCOUNT)
        holdings = Holdings(balance.cash, dict(balance.quantities))
        count = len([row for row in await self._journal.orders(ACCOUNT) if row.number.startswith("O")])
        return Mission(
            ACCOUNT, "USD", False, lambda _clock: KeptBroker(self._folder, holdings, count), limits={"": LIMITS},
            instruments=[Instrument(name) for name in NAMES], venues={"XNAS": venue("XNAS")},
        )  # fmt: skip

    async def give_up(self, _wanted: Wanted, why: str) -> None:
        raise AssertionError(why)


async def flood(trader: Trader, pace_s: float) -> None:
    """Order for ever, as fast as asked for, whatever becomes of it."""
    sequence = 0
    while True:
        for work in list(trader._works.values()):
            office = work._office
            if office is not None and office.ready.is_set():
                if not sequence:
                    _price(office)
                sequence += 1
                await office.desk.store("store", [_row(sequence, SystemClock().now_utc(), leg=f"flood {os.getpid()}")])
        await asyncio.sleep(pace_s)


def _price(office: Office) -> None:
    for name in NAMES:
        now_utc = office.desk.now_utc
        office.quotes.hear(Tick(name, 95.0, 1.0, now_utc, now_utc), NAMES)


async def _live(where: str, folder: Path, lease_s: float, pace_s: float) -> int:
    place, clock = place_of(where if "://" in where else Path(where)), SystemClock()
    journal, ownership = SqlJournal(place), SqlOwnership(place, folder, clock, lease_s)
    around = Surroundings(
        journal, ownership, clock, lambda: 1.0, FlagFile(folder / "KILL"), lease_s=lease_s, fenced=way_out()
    )
    trader = Trader(Owners(journal, folder), around, _say)
    _hear_signals(trader)
    ordering = asyncio.create_task(flood(trader, pace_s)) if pace_s else None
    try:
        await trader.run()
    except Fenced:
        return FENCED_EXIT
    except Halted:
        return HALTED_EXIT
    finally:
        if ordering is not None:
            ordering.cancel()
    return 0


def _say(text: str) -> None:
    print(f"{time.monotonic():.6f} {text}; processor {time.process_time():.2f}", flush=True)


def _tell_when_asked() -> None:
    # a process that hangs is asked with SIGUSR2 what it waits for: its tasks, where its loop runs, and its threads
    def tasks(*_signal: object) -> None:
        for task in asyncio.all_tasks(asyncio.get_event_loop()):
            task.print_stack(file=sys.stdout)
        sys.stdout.flush()

    signal.signal(signal.SIGUSR2, tasks)
    faulthandler.register(signal.SIGUSR2, sys.stdout, chain=True)


def _watched() -> None:
    # how long one comparison takes is told by whoever makes it
    once = Office.__init__

    def watched(self: Office, *more: object) -> None:
        once(self, *more)  # type: ignore[arg-type]
        compare = self.reconciler.once

        async def timed() -> bool:
            begun_s = time.monotonic()
            done = await compare()
            _say(f"compared in {time.monotonic() - begun_s:.3f} s, {len(self.reconciler.findings)} differences")
            return done

        self.reconciler.once = timed  # type: ignore[method-assign]

    Office.__init__ = watched  # type: ignore[method-assign]


if __name__ == "__main__":
    _tell_when_asked()
    _watched()
    assert NOBODY == 0
    with suppress(asyncio.CancelledError):
        sys.exit(asyncio.run(_live(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))))
