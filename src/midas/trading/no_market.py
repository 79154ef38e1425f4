"""The broker of an account that never traded: nothing can be sent there, and nothing is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from midas.execution.broker import (
    BrokerFill,
    BrokerOrder,
    Bust,
    Capabilities,
    CashMove,
    ClientIds,
    DefiniteNo,
    Holdings,
    Report,
    Ticket,
)


class NoMarket:
    """Holds the money an account began with; minor units."""

    def __init__(self, capital: int) -> None:
        self._capital = capital

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(ClientIds.UNIQUE, frozenset(), frozenset())

    async def submit(self, ticket: Ticket) -> str:
        raise DefiniteNo("no_market", f"{ticket.instrument} is not traded here.")

    async def cancel(self, number: str) -> None:
        raise DefiniteNo("no_market", f"There is no order {number}.")

    async def find(self, client_id: str) -> BrokerOrder | None:  # noqa: ARG002
        return None

    async def orders(self) -> Sequence[BrokerOrder]:
        return ()

    async def fills(self, since_utc: datetime) -> Sequence[BrokerFill | Bust | CashMove]:  # noqa: ARG002
        return ()

    async def holdings(self) -> Holdings:
        return Holdings(self._capital)

    async def reports(self) -> AsyncIterator[Report]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]
