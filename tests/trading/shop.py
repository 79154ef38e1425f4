"""One account with everything that trades it, on a broker that fails, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tests.trading.faulty_broker import FaultyBroker
from tests.trading.virtual_time import VirtualClock

from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.broker import CashMove, ClientIds
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.risk.kill import KillLevel
from midas.risk.verdict import Allow, Denial, Deny, Verdict
from midas.trading.canceller import Canceller
from midas.trading.desk import Desk
from midas.trading.flag_file import FlagFile
from midas.trading.journal import AskCancel
from midas.trading.kill_switch import KillSwitch
from midas.trading.lease import Lease
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.reconciler import Reconciler
from midas.trading.reports import Reports
from midas.trading.resolving import Resolver
from midas.trading.sender import Sender

ACCOUNT = "paper"
NAME = InstrumentId("AAPL", "XNAS")


class SwitchGuard:
    """Asks the kill switch alone, and what a test adds."""

    def __init__(self, switch: KillSwitch) -> None:
        self.switch = switch
        self.judged: list[str] = []
        self.answer: Callable[[OrderRow], Verdict] | None = None

    def judge(self, row: OrderRow) -> Verdict:
        self.judged.append(row.id)
        if self.switch.level >= KillLevel.PAUSE:
            return Deny(Denial.KILLED, "")
        return Allow() if self.answer is None else self.answer(row)


class Shop:
    def __init__(self, journal: MemoryJournal, broker: FaultyBroker, epoch: int, flag: Path | None = None) -> None:
        clock = broker.clock
        self.journal, self.broker = journal, broker
        self.desk = Desk(ACCOUNT, "USD", epoch, journal, clock)
        self.switch = KillSwitch(self.desk, None if flag is None else FlagFile(flag))
        self.guard = SwitchGuard(self.switch)
        self.lease = Lease(ACCOUNT, epoch, MemoryOwnership(journal), clock)
        self.sender = Sender(self.desk, broker, self.guard, self.lease)
        self.canceller = Canceller(self.desk, broker, self.switch, self.lease)
        self.reports = Reports(self.desk, broker, lambda: 1.0)
        self.resolver = Resolver(self.desk, broker, self.reports, self.sender)
        self.reconciler = Reconciler(self.desk, broker, self.reports, self.resolver, self.switch)
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self.desk.open()
        await self.resolver.begin()
        parts = (
            self.sender.run, self.canceller.run, self.reports.follow, self.resolver.run, self.reconciler.run,
            self.lease.keep, self.switch.watch,
        )  # fmt: skip
        self.tasks = [asyncio.create_task(part()) for part in parts]

    async def kill(self) -> None:
        """End as kill -9 does: nothing more is committed, nothing more is sent."""
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def order(self, sequence: int = 0, valid_s: float = 600.0, **more: object) -> OrderRow:
        row = new_order(self.broker, sequence, valid_s, **more)
        await self.desk.store("store", [row])
        return row

    async def cancel(self, order: str) -> None:
        await self.desk.commit("ask_cancel", AskCancel(order, "test"))

    def state(self, order: str) -> OrderState:
        row = self.journal.store.accounts[ACCOUNT].orders[order]
        return row.state


def new_order(broker: FaultyBroker, sequence: int = 0, valid_s: float = 600.0, **more: object) -> OrderRow:
    now_utc = broker.clock.now_utc()
    intent = OrderIntent(
        account=ACCOUNT, run="r1", instrument=NAME, side=Side.BUY, quantity=Decimal(10), kind=OrderKind.LIMIT,
        time_in_force=TimeInForce.DAY, stamp_utc=now_utc, valid_until_utc=now_utc + timedelta(seconds=valid_s),
        sequence=sequence, limit_price=Decimal(100), reference_price=Decimal(100),
    )  # fmt: skip
    intent = replace(intent, **more)  # type: ignore[arg-type]
    return OrderRow(order_id(intent), intent, OrderState.NEW)


async def opened(ids: ClientIds = ClientIds.UNIQUE, flag: Path | None = None, **more: object) -> Shop:
    """A shop whose books agree with its broker's: the capital is paid in."""
    journal = MemoryJournal()
    broker = FaultyBroker(VirtualClock(), ids, **more)
    epoch = await MemoryOwnership(journal).acquire(ACCOUNT)
    shop = Shop(journal, broker, epoch, flag)
    capital = CashMove("capital", "deposit", None, broker.cash, None, broker.clock.now_utc())
    await shop.reports.take(capital)
    shop.desk.books.cash = 0
    await shop.start()
    return shop


async def again(shop: Shop) -> Shop:
    """The shop after a crash: another process on the same journal and broker."""
    await shop.kill()
    ownership = MemoryOwnership(shop.journal)
    ownership.crash(ACCOUNT)
    epoch = await ownership.acquire(ACCOUNT)
    another = Shop(shop.journal, shop.broker, epoch)
    await another.start()
    return another


Story = Callable[[Shop], Awaitable[None]]
