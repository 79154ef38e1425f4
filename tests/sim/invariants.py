"""What must be true when the day is over, by what really happened at the broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.sim.exchange import NEVER_S, NOTHING

from midas.core.order import ENDED, OrderState, Side
from midas.execution.broker import BrokerState, Bust, ClientIds
from midas.execution.order_row import OrderRow
from midas.risk.question import FLATTEN_LEG
from midas.trading.flattening import NOT_FLATTENED, TRIES

if TYPE_CHECKING:
    from tests.sim.exchange import Placed
    from tests.sim.world import World


def breaches(world: World) -> list[str]:
    """Return what is wrong: duplicates, orphans, what is lost or stuck, and books that differ."""
    if world.wrong:
        return []
    held = [f"{name} is held, though everything was to be closed" for name in still_held(world)]
    return [*_wanted_once(world), *_known(world), *_ended(world), *_adopted(world), *_books(world), *held]


def still_held(world: World) -> list[str]:
    """Return what should have been closed, and what could not be and nobody was told of."""
    if world.flatten_s >= world.loop.now_s:
        return []
    account = world.journal.store.accounts[world.account]
    told = {line.subject for line in account.audits if line.act == NOT_FLATTENED}
    refused = Counter(
        row.intent.instrument
        for row in account.orders.values()
        if row.intent.leg == FLATTEN_LEG and row.state in (OrderState.REJECTED, OrderState.NOT_PLACED)
    )
    held = [name for name, quantity in account.quantities.items() if quantity]
    able = [name for name in held if str(name) not in account.quarantined and not world.banned(name)]
    return [str(name) for name in held if str(name) not in told or (name in able and refused[name] < TRIES)]


def unbooked(world: World, row: OrderRow) -> Decimal:
    """Return how much of an order the broker executed, and said so of, that is not booked.

    Executions that were taken back are left out: of those, either number may be heard first.
    """
    exchange = world.broker.exchange
    placed = exchange.placed.get(row.number)
    if placed is None or placed.executions_s > world.loop.now_s:
        return NOTHING
    if any(isinstance(one, Bust) and one.number == row.number for _, one in exchange.history):
        return NOTHING
    return max(NOTHING, placed.told.filled - placed.untold - row.filled)


def _wanted_once(world: World) -> Iterator[str]:
    for order, times in Counter(placed.ticket.id for placed in world.broker.exchange.placed.values()).items():
        if order not in world.journal.store.homes:
            yield f"orphan: the broker has {order}, which nobody wanted"
        if times > 1:
            yield f"duplicate: the broker has {order} {times} times"


def _known(world: World) -> Iterator[str]:
    # Each order at the broker is one of ours, of the same look, and none of ours is meant twice.
    account = world.journal.store.accounts[world.account]
    claimed = Counter(row.number for row in account.orders.values() if row.number)
    for number, times in claimed.items():
        if times > 1:
            yield f"number {number} is that of {times} orders"
    rows = {row.number: row for row in account.orders.values()}
    nameless = world.broker.capabilities.client_ids is ClientIds.NONE
    for number, placed in world.broker.exchange.placed.items():
        row = rows.get(number)
        if row is None:
            # one that never was listed is known by its executions alone, which name nobody
            unlisted = placed.visible_s == NEVER_S
            nobodys = unlisted or (nameless and _alike(world, placed) > 1)
            harmless = placed.told.state is BrokerState.REJECTED or (unlisted and not placed.told.filled)
            if not harmless and not (nobodys and str(placed.told.instrument) in account.quarantined):
                yield f"orphan: nobody knows order {number} at the broker ({placed.ticket.id}, {placed.told.state})"
        elif not nameless and row.id != placed.ticket.id:
            yield f"{row.id} believes to be {number}, which is {placed.ticket.id}"
        else:
            yield from _same(world, row, placed)


def _alike(world: World, placed: Placed) -> int:
    # How many of our orders it could be, where nothing but what it is tells them apart.
    ticket, rows = placed.ticket, world.journal.store.accounts[world.account].orders.values()
    look = (ticket.instrument, ticket.side, ticket.quantity, ticket.kind, ticket.limit_price)
    wishes = [row.intent for row in rows if row.sent_utc is not None]
    return sum((one.instrument, one.side, one.quantity, one.kind, one.limit_price) == look for one in wishes)


def _same(world: World, row: OrderRow, placed: Placed) -> Iterator[str]:
    told, intent = placed.told, row.intent
    if (intent.instrument, intent.side, intent.quantity) != (told.instrument, told.side, told.quantity):
        yield f"{row.id} is not what the broker has as {told.number}"
    if row.filled != told.filled:
        yield f"{row.id} has {row.filled} filled, the broker {told.filled}"
    busted = any(isinstance(one, Bust) and one.number == told.number for _, one in world.broker.exchange.history)
    fits = {
        BrokerState.FILLED: {OrderState.FILLED},
        BrokerState.CANCELED: {OrderState.CANCELED},
        BrokerState.EXPIRED: {OrderState.EXPIRED},
        BrokerState.REJECTED: {OrderState.REJECTED},
        BrokerState.OPEN: set[OrderState](),
    }
    if row.state not in fits[told.state] and not busted:
        yield f"{row.id} is {row.state}, {told.state} at the broker"


def _ended(world: World) -> Iterator[str]:
    account = world.journal.store.accounts[world.account]
    for row in account.orders.values():
        if row.state not in ENDED:
            yield f"stuck: {row.id} is {row.state}"
        if row.state in (OrderState.NOT_PLACED, OrderState.REJECTED) and row.filled:
            yield f"{row.id} is {row.state} and has {row.filled} filled"


def _adopted(world: World) -> Iterator[str]:
    # Nobody wants one any more that shows up after it was given up: it is cancelled, and a person is told.
    account = world.journal.store.accounts[world.account]
    alerted = {line.subject for line in account.audits if line.act == "alert.adopted_late"}
    for order in world.adopted_late:
        placed = world.broker.exchange.placed[account.orders[order].number]
        if placed.told.state is BrokerState.EXPIRED:
            yield f"{order} was adopted late, and left at work"
        if order not in alerted:
            yield f"{order} was adopted late, and nobody was told"


def _books(world: World) -> Iterator[str]:
    exchange, account = world.broker.exchange, world.journal.store.accounts[world.account]
    # What nobody can explain is in quarantine, and its money with it.
    odd = {str(p.told.instrument) for n, p in exchange.placed.items() if n not in account.numbers and p.told.filled}
    if not odd and account.cash != exchange.cash:
        yield f"cash is {account.cash}, {exchange.cash} at the broker"
    held = {name: quantity for name, quantity in account.quantities.items() if quantity}
    for name in held.keys() | exchange.held.keys():
        if str(name) not in odd and held.get(name, 0) != exchange.held.get(name, 0):
            yield f"{held.get(name, 0)} of {name} is held, {exchange.held.get(name, 0)} at the broker"
    for row in account.orders.values():
        booked = sum(b.fill.quantity for b in account.books.values() if b.fill is not None and b.fill.order == row.id)
        if booked != row.filled:
            yield f"{row.id} has {row.filled} filled and {booked} booked"
    signed = Counter[str]()
    for book in account.books.values():
        if book.fill is not None:
            signed[str(book.instrument)] += int(book.fill.quantity) * (1 if book.fill.side is Side.BUY else -1)
    for name, quantity in account.quantities.items():
        if signed[str(name)] != quantity:
            yield f"{name}: {quantity} held, {signed[str(name)]} filled"
