"""Bugs as they are made, one each: planted in the daemon to see that the simulator sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from tests.sim.process import JournalPort

from midas.core.order import OrderState
from midas.execution.broker import BrokerFill, BrokerOrder, BrokerState, Bust, Ticket
from midas.execution.executions import Executions, executed
from midas.execution.order_events import (
    Acknowledged,
    Canceled,
    Executed,
    GaveUp,
    Lost,
    OrderEvent,
    Refused,
    Sending,
    Unsent,
)
from midas.execution.order_reports import events_of
from midas.execution.order_row import OrderRow
from midas.risk.verdict import Allow
from midas.trading import claiming, flattening, reports, resolving, sender
from midas.trading.canceller import Canceller
from midas.trading.draft import Draft
from midas.trading.journal import AskCancel, Batch, ChangeOrder, Entry
from midas.trading.lease import Lease
from midas.trading.memory_journal import MemoryJournal
from midas.trading.reports import Reports
from midas.trading.resolving import Resolver
from midas.trading.sender import Sender

Plant = Callable[[], AbstractContextManager[object]]


def persist_after_send() -> AbstractContextManager[object]:
    """The order is sent first, and stored as sent with the answer."""

    async def send(self: Any, orders: Sequence[str]) -> int:
        sent = 0
        for row in [self._desk.rows[order] for order in orders if order in self._desk.rows]:
            if row.state is OrderState.NEW and await self._may_go(row):
                self._guard.judge(row)
                said = await self._ask(row)
                events = Sending(self._desk.epoch, self._desk.now_utc), said
                await self._desk.move("sent", row.id, lambda now, events=events: events)
                sent += 1
        return sent

    return patch.object(Sender, "_send", send)


def new_id_on_retry() -> AbstractContextManager[object]:
    """A second attempt gets an id of its own."""
    plain = sender.ticket_of

    def ticket_of(row: OrderRow) -> Ticket:
        ticket = plain(row)
        return ticket if row.attempt < 2 else replace(ticket, id=ticket.id[:-1] + str(row.attempt % 10))

    return patch.object(sender, "ticket_of", ticket_of)


def fills_booked_as_often_as_told() -> AbstractContextManager[object]:
    """Nobody looks whether an execution is known."""

    def booked(known: Executions, told: BrokerFill, account: str, order: str) -> tuple[Executions, Any]:
        return executed(known, replace(told, execution=f"{told.execution}-{len(known.fills)}"), account, order)

    return patch.object(reports, "executed", booked)


def given_up_at_the_first_miss() -> AbstractContextManager[object]:
    """An order that one look did not show is taken for never placed."""

    async def judge(self: Any, order: str) -> None:
        await self._desk.move("gave_up", order, lambda row: (GaveUp(),) if row.state is OrderState.UNKNOWN else ())

    return patch.object(Resolver, "_judge", judge)


@contextmanager
def no_fencing() -> Iterator[None]:
    """Writes are taken from whoever brings them, and nobody looks at the lease."""
    plain = MemoryJournal.commit

    async def commit(self: MemoryJournal, account: str, epoch: int, batch: Any) -> None:
        await plain(self, account, self.store.accounts[account].epoch if epoch else epoch, batch)

    with ExitStack() as stack:
        stack.enter_context(patch.object(MemoryJournal, "commit", commit))
        stack.enter_context(patch.object(MemoryJournal, "require", lambda *_: None))
        stack.enter_context(patch.object(Lease, "require", lambda _: None))
        yield


def lease_never_looked_at() -> AbstractContextManager[object]:
    """Orders go out however long ago the ownership was renewed."""
    return patch.object(Lease, "require", lambda _: None)


def gate_only_when_stored() -> AbstractContextManager[object]:
    """Nobody is asked at the socket."""
    plain = Sender.__init__

    class Open:
        def judge(self, _row: OrderRow) -> Allow:
            return Allow()

    def begin(self: Any, desk: Any, broker: Any, _guard: Any, lease: Any, *more: Any) -> None:
        plain(self, desk, broker, Open(), lease, *more)

    return patch.object(Sender, "__init__", begin)


def sent_again_at_once() -> AbstractContextManager[object]:
    """A call that failed is made once more, as an HTTP library would."""
    plain = Sender._ask

    async def ask(self: Any, row: OrderRow) -> OrderEvent:
        said = await plain(self, row)
        return await plain(self, row) if isinstance(said, Lost) else said

    return patch.object(Sender, "_ask", ask)


def no_answer_is_a_no() -> AbstractContextManager[object]:
    """What went wrong is taken for refused."""
    plain = Sender._ask

    async def ask(self: Any, row: OrderRow) -> OrderEvent:
        said = await plain(self, row)
        return Refused("error") if isinstance(said, Lost) else said

    return patch.object(Sender, "_ask", ask)


def late_fills_dropped() -> AbstractContextManager[object]:
    """What fills after the order ended is not booked."""
    plain = Reports._execute

    async def execute(self: Any, drafted: Any, row: OrderRow, told: Any) -> None:
        if drafted.row(row).state is not OrderState.CANCELED:
            await plain(self, drafted, row, told)

    return patch.object(Reports, "_execute", execute)


def gaps_not_filled() -> AbstractContextManager[object]:
    """After a reconnect the orders are read, and not what was executed meanwhile."""

    async def catch_up(self: Any, **_: Any) -> list[BrokerOrder]:
        orders = list(await self._broker.orders())
        for told in orders:
            await self.take(told)
        return orders

    return patch.object(Reports, "catch_up", catch_up)


def sending_is_new_after_a_crash() -> AbstractContextManager[object]:
    """What was being sent when the process died is sent again."""
    plain = Resolver.begin

    async def begin(self: Any) -> None:
        for row in list(self._desk.rows.values()):
            if row.state is OrderState.SENDING:
                again = replace(row, state=OrderState.NEW)
                await self._desk.commit("again", ChangeOrder(again, OrderState.SENDING))
                self._desk.keep(again)
        await plain(self)

    return patch.object(Resolver, "begin", begin)


def totals_taken_for_executions() -> AbstractContextManager[object]:
    """A broker's totals are booked as if each were new."""

    def booked(known: Executions, told: BrokerFill, account: str, order: str) -> tuple[Executions, Any]:
        return executed(known, replace(told, execution=f"t{told.quantity}"), account, order)

    return patch.object(reports, "totalled", booked)


def ids_of_others_claimed() -> AbstractContextManager[object]:
    """Without ids, any order that looks the same is ours, also one that was there before."""
    plain = claiming.claims

    def claims(rows: Any, told: Any, claimed: Any, horizon: timedelta) -> dict[str, BrokerOrder]:
        return plain([replace(row, seen=()) for row in rows], told, (), horizon)

    return patch.object(resolving, "claims", claims)


def cancelled_when_asked() -> AbstractContextManager[object]:
    """A cancel that was sent counts as done."""
    plain = Canceller.cancel

    async def cancel(self: Any, order: str) -> bool:
        asked = await plain(self, order)
        if asked:
            await self._desk.move("canceled", order, lambda _row: (Canceled(),))
        return asked

    return patch.object(Canceller, "cancel", cancel)


def busts_ignored() -> AbstractContextManager[object]:
    """What the broker took back stays booked."""
    plain = Reports._take_execution

    async def take(self: Any, drafted: Any, told: Any) -> None:
        if not isinstance(told, Bust):
            await plain(self, drafted, told)

    return patch.object(Reports, "_take_execution", take)


def sent_when_no_longer_good() -> AbstractContextManager[object]:
    """Nobody looks at how long an order is good."""

    async def may_go(self: Any, row: OrderRow) -> bool:
        return isinstance(self._guard.judge(row), Allow)

    return patch.object(Sender, "_may_go", may_go)


@contextmanager
def booked_apart() -> Iterator[None]:
    """An execution and its order are stored one after the other, not together."""
    plain = JournalPort.commit

    async def commit(self: Any, account: str, epoch: int, batch: Batch) -> None:
        orders = [entry for entry in batch if isinstance(entry, ChangeOrder)]
        others = [entry for entry in batch if not isinstance(entry, ChangeOrder)]
        for part in (others, orders) if orders and others else (batch,):
            await plain(self, account, epoch, part)

    with patch.object(JournalPort, "commit", commit):
        yield


def filled_is_believed() -> AbstractContextManager[object]:
    """An order the broker calls filled is taken for wholly executed, before its executions are there."""

    def words(told: BrokerOrder, booked: Decimal) -> tuple[OrderEvent, ...]:
        if told.state is BrokerState.FILLED:
            return Acknowledged(told.number), Executed(told.quantity)
        return events_of(told, booked)

    return patch.object(reports, "events_of", words)


def end_believed_before_its_executions() -> AbstractContextManager[object]:
    """An order the broker calls cancelled or expired is over, also while executions of it are still to be told."""

    def words(told: BrokerOrder, booked: Decimal) -> tuple[OrderEvent, ...]:
        early = told.state in (BrokerState.CANCELED, BrokerState.EXPIRED)
        return events_of(told, told.filled if early else booked)

    return patch.object(reports, "events_of", words)


def no_answer_means_not_sent() -> AbstractContextManager[object]:
    """A timeout is taken for a connection that was never made."""

    plain = Sender._ask

    async def ask(self: Any, row: OrderRow) -> OrderEvent:
        said = await plain(self, row)
        return Unsent() if isinstance(said, Lost) else said

    return patch.object(Sender, "_ask", ask)


def one_closing_order_and_no_more() -> AbstractContextManager[object]:
    """A closing order that was refused is the last one."""
    return patch.object(flattening, "TRIES", 1)


def adopted_and_not_booked() -> AbstractContextManager[object]:
    """What was executed of an order that shows up after it was given up is not booked."""
    plain = Reports._execute

    async def execute(self: Any, drafted: Any, row: OrderRow, told: Any) -> None:
        if drafted.row(row).state is not OrderState.ADOPTED_LATE:
            await plain(self, drafted, row, told)

    return patch.object(Reports, "_execute", execute)


def adopted_and_left_at_work() -> AbstractContextManager[object]:
    """An order that shows up after it was given up is taken in, and works on."""
    plain = Draft._change

    def change(self: Any, step: str, before: OrderRow, after: OrderRow) -> list[Entry]:
        entries = plain(self, step, before, after)
        return [entry for entry in entries if not isinstance(entry, AskCancel)]

    return patch.object(Draft, "_change", change)


def given_up_and_forgotten() -> AbstractContextManager[object]:
    """Without ids, a process that begins knows nothing of the orders that were given up before."""

    async def remember(_self: Any) -> None:
        pass

    return patch.object(Resolver, "_remember_given_up", remember)


def given_up_and_sent_again() -> AbstractContextManager[object]:
    """An order that was given up is taken for one that never left, and goes out once more while it is good."""
    plain = Resolver._judge

    async def judge(self: Any, order: str) -> None:
        await plain(self, order)
        row = self._desk.given_up.get(order)
        if row is not None and self._desk.now_utc < row.intent.valid_until_utc:
            again = replace(row, state=OrderState.NEW)
            await self._desk.commit("again", ChangeOrder(again, row.state))
            self._desk.keep(again)

    return patch.object(Resolver, "_judge", judge)


QUICK: Sequence[Plant] = (
    persist_after_send,
    fills_booked_as_often_as_told,
    given_up_at_the_first_miss,
    no_fencing,
    gate_only_when_stored,
    sent_again_at_once,
    no_answer_is_a_no,
    totals_taken_for_executions,
    busts_ignored,
    filled_is_believed,
    end_believed_before_its_executions,
    no_answer_means_not_sent,
    adopted_and_not_booked,
)
"""Found within a few seeds."""

PLANTS: Sequence[Plant] = (
    *QUICK,
    new_id_on_retry,
    lease_never_looked_at,
    late_fills_dropped,
    gaps_not_filled,
    sending_is_new_after_a_crash,
    ids_of_others_claimed,
    cancelled_when_asked,
    sent_when_no_longer_good,
    booked_apart,
    one_closing_order_and_no_more,
    adopted_and_left_at_work,
    given_up_and_forgotten,
    given_up_and_sent_again,
)
