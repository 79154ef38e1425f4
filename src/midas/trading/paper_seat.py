"""The paper account at the trader's table: a broker on one side, the market on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from midas.core.clock import Clock
from midas.core.order import TimeInForce
from midas.execution.broker import (
    BrokerFill,
    BrokerOrder,
    Bust,
    Capabilities,
    CashMove,
    ClientIds,
    Holdings,
    Report,
    Ticket,
)
from midas.execution.paper import PaperAccount
from midas.execution.paper_orders import KINDS
from midas.execution.state_bytes import from_bytes, to_bytes
from midas.marketdata.feed import BarRow, CorporateAction


class PaperSeat:
    """A `PaperAccount` as a `Broker` and as a `Matcher`; `clock` is the market's."""

    def __init__(self, account: PaperAccount, clock: Clock) -> None:
        self._account, self._clock = account, clock
        self._told: asyncio.Queue[Report] = asyncio.Queue()

    @property
    def capabilities(self) -> Capabilities:
        return paper_capabilities(late=self._account.late)

    async def submit(self, ticket: Ticket) -> str:
        return self._account.submit(ticket, self._clock.now_utc())

    async def cancel(self, number: str) -> None:
        self._told.put_nowait(self._account.cancel(number, self._clock.now_utc()))

    async def find(self, client_id: str) -> BrokerOrder | None:
        return self._account.orders.find(client_id)

    async def orders(self) -> Sequence[BrokerOrder]:
        return self._account.orders.all()

    async def fills(self, since_utc: datetime) -> Sequence[BrokerFill | Bust | CashMove]:  # noqa: ARG002
        """Return nothing: what happens is told with the row it happens in, and stored with it."""
        return ()

    async def holdings(self) -> Holdings:
        return self._account.holdings

    async def reports(self) -> AsyncIterator[Report]:
        while True:
            yield await self._told.get()

    @property
    def row(self) -> int:
        return self._account.row

    def act(self, action: CorporateAction) -> None:
        self._account.act(action)

    def learn(self, row: BarRow) -> None:
        self._account.learn(row)

    def advance(self, row: BarRow, opened_utc: datetime) -> Sequence[Report]:
        return self._account.advance(row, opened_utc)

    def state(self) -> bytes:
        """Return all there is to know to go on from the last row."""
        return to_bytes(self._account.snapshot())

    def resume(self, state: bytes) -> None:
        """Go back to a state of an account of the same market, terms and exits."""
        self._account.restore(from_bytes(state))


def paper_capabilities(*, late: bool = False) -> Capabilities:
    """Return what a paper account can do; `late` where orders and cancels take time."""
    return Capabilities(
        ClientIds.UNIQUE, KINDS, frozenset(TimeInForce), protections=True, cuts_purchases=True, cuts_sales=True,
        cancels_at_once=not late,
    )  # fmt: skip
