"""A broker in memory that fails as it is told to, in each of the three ways brokers treat our ids."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from midas.core.clock import Clock
from midas.core.instrument import InstrumentId
from midas.core.order import OrderKind, Side, TimeInForce
from midas.execution.broker import (
    Ambiguous,
    BrokerFill,
    BrokerOrder,
    BrokerState,
    Bust,
    Capabilities,
    CashMove,
    ClientIds,
    DefiniteNo,
    Holdings,
    NotSent,
    Report,
    Ticket,
)


def capabilities(ids: ClientIds, **more: object) -> Capabilities:
    return replace(Capabilities(ids, frozenset(OrderKind), frozenset(TimeInForce)), **more)  # type: ignore[arg-type]


class FaultyBroker:
    """`faults` is what becomes of the next submits, in order: ok, no, not_sent, before (the wire broke before the
    broker had it), after (it broke after), or a number of seconds after which it is accepted though nobody answered.
    """

    def __init__(self, clock: Clock, ids: ClientIds = ClientIds.UNIQUE, **more: object) -> None:
        self.clock = clock
        self._capabilities = capabilities(ids, **more)
        self.faults: deque[str | float] = deque()
        self.reading_fails = False
        self.book: dict[str, BrokerOrder] = {}
        self.placed = 0
        self.executions: list[BrokerFill | Bust | CashMove] = []
        self.cash = 1_000_000_00
        self.held: dict[InstrumentId, Decimal] = {}
        self.submitted: list[tuple[float, Ticket]] = []
        self.cancelled: list[tuple[float, str]] = []
        self.stream: asyncio.Queue[Report | None] = asyncio.Queue()
        self.connections = 0
        self._late: set[asyncio.Task[None]] = set()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def submit(self, ticket: Ticket) -> str:
        fault = self.faults.popleft() if self.faults else "ok"
        if fault == "not_sent":
            raise NotSent("refused")
        self.submitted.append((self.clock.monotonic_s(), ticket))
        if fault == "no":
            raise DefiniteNo("no_cash")
        if fault == "before":
            raise Ambiguous
        if isinstance(fault, float):
            task = asyncio.create_task(self._accept_late(ticket, fault))
            self._late.add(task)
            raise Ambiguous
        if self._capabilities.client_ids is ClientIds.UNIQUE and self._with_id(ticket.id):
            raise DefiniteNo("duplicate_id")
        number = self.accept(ticket)
        if fault == "after":
            raise Ambiguous
        return number

    def accept(self, ticket: Ticket) -> str:
        self.placed += 1
        number = f"N{self.placed}"
        client_id = "" if self._capabilities.client_ids is ClientIds.NONE else ticket.id
        self.book[number] = BrokerOrder(
            number, client_id, ticket.instrument, ticket.side, ticket.quantity, ticket.kind, ticket.limit_price,
            BrokerState.OPEN, Decimal(0), self.clock.now_utc(),
        )  # fmt: skip
        return number

    async def _accept_late(self, ticket: Ticket, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if self._capabilities.client_ids is not ClientIds.UNIQUE or not self._with_id(ticket.id):
            self.accept(ticket)

    async def cancel(self, number: str) -> None:
        self.cancelled.append((self.clock.monotonic_s(), number))
        order = self.book[number]
        if order.state is not BrokerState.OPEN:
            raise DefiniteNo("over")
        self.book[number] = replace(order, state=BrokerState.CANCELED)
        self.stream.put_nowait(self.book[number])

    async def find(self, client_id: str) -> BrokerOrder | None:
        self._read()
        return self._with_id(client_id)

    async def orders(self) -> Sequence[BrokerOrder]:
        self._read()
        return list(self.book.values())

    async def fills(self, since_utc: datetime) -> Sequence[BrokerFill | Bust | CashMove]:
        self._read()
        return [each for each in self.executions if isinstance(each, Bust) or each.stamp_utc >= since_utc]

    async def holdings(self) -> Holdings:
        self._read()
        return Holdings(self.cash, {name: held for name, held in self.held.items() if held})

    async def reports(self) -> AsyncIterator[Report]:
        self.connections += 1
        while (report := await self.stream.get()) is not None:
            yield report

    def fill(self, number: str, quantity: Decimal, price: Decimal, tell: bool = True) -> BrokerFill:
        """Execute some of an order; `tell` says whether the stream does."""
        order = self.book[number]
        value = int(quantity * price * 100)
        fill = BrokerFill(
            f"E{len(self.executions) + 1}", number, order.instrument, order.side, quantity, price, value, 100, 0,
            self.clock.now_utc(),
        )  # fmt: skip
        sign = 1 if order.side is Side.BUY else -1
        self.cash -= sign * value + 100
        self.held[order.instrument] = self.held.get(order.instrument, Decimal(0)) + sign * quantity
        filled = order.filled + quantity
        state = BrokerState.FILLED if filled >= order.quantity else order.state
        self.book[number] = replace(order, filled=filled, state=state)
        self.executions.append(fill)
        if tell:
            self.stream.put_nowait(fill)
        return fill

    def number_of(self, order: str) -> str:
        return next(number for number, told in self.book.items() if told.client_id == order)

    def _with_id(self, client_id: str) -> BrokerOrder | None:
        return next((order for order in self.book.values() if order.client_id == client_id and client_id), None)

    def _read(self) -> None:
        if self.reading_fails:
            raise Ambiguous
