"""A paper broker remembers as far as its last row: it is told again what it was sent, and what was cancelled, since."""

from __future__ import annotations

from midas.core.order import ENDED, OrderState
from midas.execution.broker import Broker, BrokerState, DefiniteNo
from midas.execution.order_events import Acknowledged, Lost
from midas.trading.desk import Desk
from midas.trading.draft import Decide
from midas.trading.sender import ticket_of


async def mend(desk: Desk, broker: Broker) -> None:
    """Tell a paper broker that took up where its last row left it what the journal knows beyond that."""
    for row in await desk.journal.orders(desk.account):
        if row.attempt and await broker.find(row.id) is None:
            try:
                number = await broker.submit(ticket_of(row))
            except DefiniteNo:
                continue
            if row.state in (OrderState.SENDING, OrderState.UNKNOWN):
                await desk.move("mended", row.id, _accepted(number))
    for told in await broker.orders():
        known = await desk.order(told.client_id) if told.client_id else None
        over = known is not None and (known.state in ENDED or known.state is OrderState.PENDING_CANCEL)
        if told.state is BrokerState.OPEN and over:
            await broker.cancel(told.number)


def _accepted(number: str) -> Decide:
    return lambda now: (Lost(), Acknowledged(number)) if now.state is OrderState.SENDING else (Acknowledged(number),)
