"""One account at a broker that cuts nothing, with its office opened and closed around what a test does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from decimal import Decimal

from tests.trading.faulty_broker import FaultyBroker
from tests.trading.virtual_time import VirtualClock

from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.broker import Holdings, Ticket
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.risk.kill import Kill, KillLevel
from midas.risk.limits import Limits
from midas.risk.verdict import Denial, Deny
from midas.trading.journal import NOBODY, Audit, Pull
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.office import Mission, Office, Surroundings
from midas.venues.catalogue import venue

ACCOUNT = "gate"
APPLE, MOUTAI, RELIANCE = (InstrumentId.parse(name) for name in ("AAPL.XNAS", "600519.XSHG", "RELIANCE.XNSE"))
EASY = Limits(collar=0.05, quote_age_s=None, duplicate_window_s=None)


class Slow(FaultyBroker):
    """Takes its time to tell what there is."""

    takes_s = 0.0

    async def holdings(self) -> Holdings:
        told = await super().holdings()
        await asyncio.sleep(self.takes_s)
        return told


class Place:
    """One account at a broker that cuts nothing, with what outlives its offices."""

    cancelling = False

    def __init__(self, name: InstrumentId = APPLE, cash: int = 1_000_000_00) -> None:
        self.name, self.clock, self.journal = name, VirtualClock(), MemoryJournal()
        self.broker = Slow(self.clock)
        self.broker.cash = cash
        self.limits: Mapping[str, Limits] = {"": EASY}
        self.office: Office

    @asynccontextmanager
    async def opened(self, price: float | None = 100.0) -> AsyncIterator[Office]:
        market, ownership = venue(self.name.venue), MemoryOwnership(self.journal)
        if self.journal.store.accounts[ACCOUNT].owned:
            ownership.crash(ACCOUNT)
        mission = Mission(
            ACCOUNT, market.currency, False, lambda _clock: self.broker, self.broker.cash, self.limits,
            (Instrument(self.name),), {market.mic: market}, raw_prices=False,
            cancelling=self.cancelling,
        )  # fmt: skip
        around = Surroundings(self.journal, ownership, self.clock, lambda: 1.0)
        self.office = Office(mission, around, await ownership.acquire(ACCOUNT))
        await self.office.open()
        working = asyncio.create_task(self.office.work())
        try:
            async with asyncio.timeout(60):
                await self.office.ready.wait()
            if price is not None:
                self.tell(price)
            yield self.office
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    def tell(self, price: float) -> None:
        now_utc = self.clock.now_utc()
        self.office.quotes.hear(Tick(self.name, price, 1.0, now_utc, now_utc), [self.name])

    def intent(self, side: Side = Side.BUY, quantity: int = 10, sequence: int = 0, **more: object) -> OrderIntent:
        now_utc = self.clock.now_utc()
        wish: dict[str, object] = {
            "account": ACCOUNT, "run": "", "instrument": self.name, "side": side, "quantity": Decimal(quantity),
            "kind": OrderKind.MARKET, "time_in_force": TimeInForce.GTC, "stamp_utc": now_utc,
            "valid_until_utc": now_utc + timedelta(days=5), "leg": "hand", "sequence": sequence,
            "reference_price": Decimal(100), **more,
        }  # fmt: skip
        return OrderIntent(**wish)  # type: ignore[arg-type]

    async def order(self, *about: object, **more: object) -> str:
        wish = self.intent(*about, **more)  # type: ignore[arg-type]
        await self.office.desk.store("store", [OrderRow(order_id(wish), wish, OrderState.NEW)])
        return order_id(wish)

    def said(self, wish: OrderIntent) -> Denial | None:
        verdict = self.office.gatekeeper.ask(order_id(wish), wish)
        return verdict.code if isinstance(verdict, Deny) else None

    def sold(self) -> list[Ticket]:
        return [ticket for _, ticket in self.broker.submitted if ticket.side is Side.SELL]

    def told(self, act: str) -> list[Audit]:
        return [line for line in self.journal.audits(ACCOUNT) if line.act == act]

    def state(self, order: str) -> OrderState:
        return self.journal.store.accounts[ACCOUNT].orders[order].state

    async def pull(self, level: KillLevel) -> None:
        kill = Kill(level, ACCOUNT, "a person", "a test", self.clock.now_utc())
        await self.journal.commit(ACCOUNT, NOBODY, [Pull(kill)])

    async def bought(self, quantity: int, sequence: int = 77) -> None:
        order = await self.order(Side.BUY, quantity, sequence=sequence)
        await asyncio.sleep(1)
        self.broker.fill(self.broker.number_of(order), Decimal(quantity), Decimal(100))
        await asyncio.sleep(1)
