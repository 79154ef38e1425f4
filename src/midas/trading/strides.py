"""What a stride did, told and stored as if its rows had been taken one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from midas.core.order import Fill, OrderState, Reject
from midas.execution.loop import Loop
from midas.execution.loop_events import Ended, Filled, Submit
from midas.execution.mandate import Mandate
from midas.execution.order_row import OrderRow
from midas.execution.paper import PaperAccount
from midas.execution.stride_lanes import Sent
from midas.execution.striding import Met, Striding, Strode
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, SessionEdge
from midas.trading.draft import TRADER
from midas.trading.holding import Books
from midas.trading.journal import Audit
from midas.trading.memory_store import AccountStore, MemoryStore

Tell = Callable[[object], None]

NO_CASH = Reject.NO_CASH.value
AN_ORDER = 2
"""Batches of an order alone: that it is sent, and that it was."""

_ZERO = Decimal(0)


class Strides:
    """Takes strides, and stores their orders and fills in a journal in memory."""

    def __init__(self, mandate: Mandate, loop: Loop, paper: PaperAccount, store: MemoryStore, books: Books) -> None:
        self._account, self._store, self._books = mandate.account, store, books
        self._paper, self._striding = paper, Striding(mandate, loop, paper)

    def take(self, block: BarBlock, at: int, stop: int, epoch: int, tell: Tell | None, *, whole: bool) -> Strode | None:
        """Take a stride and store what it did; None where the row is taken singly.

        tell : hears what happened, of quiet rows only if `whole`, and of the end of a session not before what is still
        to be carried out.
        """
        if self._store.accounts[self._account].epoch != epoch:
            return None
        strode = self._striding.take(block, at, stop, self._known)
        if strode is None:
            return None
        fills = self._write(block, strode, epoch)
        if tell is not None:
            _tell(tell, block, strode, _told(strode, fills), whole=whole)
        return strode

    def _known(self, order: str) -> bool:
        return order in self._store.homes or self._paper.orders.knows(order)

    def _write(self, block: BarBlock, strode: Strode, epoch: int) -> list[Fill]:
        found = list[Fill]()
        if not strode.orders:
            return found
        stored, fills = self._store.accounts[self._account], iter(strode.fills)
        stamps = block.stamps_utc[strode.at : strode.at + strode.rows].tolist()
        for orders in _by_row(strode.orders):
            row, now_utc = orders[0].row, orders[0].intent.stamp_utc
            for sent in orders:
                self._send(stored, sent, epoch, now_utc)
            stored.revision += 1 + AN_ORDER * len(orders)
            met = [(sent, next(fills)) for sent in orders]
            later_utc = stamps[row + 1].replace(tzinfo=UTC)
            found += self._report(stored, met, block.first + strode.at + row + 1, epoch, later_utc)
            stored.revision += 1
        return found

    def _send(self, stored: AccountStore, sent: Sent, epoch: int, now_utc: datetime) -> None:
        order, number = sent.id, f"P{sent.id}"
        self._store.homes[order] = self._account
        stored.keys.add(sent.key)
        stored.places[order] = len(stored.places)
        stored.numbers[number] = order
        sending = _moved("new", "sending", "", _ZERO, "", epoch)
        opened = _moved("sending", "open", number, _ZERO, "", epoch)
        stored.audits.append(Audit(self._account, TRADER, "order.sending", order, sending, now_utc))
        stored.audits.append(Audit(self._account, TRADER, "order.sent", order, opened, now_utc))

    def _report(
        self, stored: AccountStore, met: list[tuple[Sent, Met]], row: int, epoch: int, now_utc: datetime
    ) -> list[Fill]:
        # Fills, then the ends of what was not filled whole.
        fills = list[Fill]()
        for place, (sent, each) in enumerate(met):
            fill = self._fill(sent, each, f"x{row}-{place}")
            book = self._books.of_fill(fill)
            self._books.apply(book)
            stored.book(book)
            state, reason = (OrderState.EXPIRED, NO_CASH) if each.short else (OrderState.FILLED, "")
            stored.orders[sent.id] = OrderRow(
                sent.id, sent.intent, state, f"P{sent.id}", 1, epoch, sent.intent.stamp_utc, each.quantity, reason, (),
                now_utc,
            )  # fmt: skip
            detail = _moved("open", "partial" if each.short else "filled", f"P{sent.id}", each.quantity, "", epoch)
            stored.audits.append(Audit(self._account, TRADER, "order.fill", sent.id, detail, now_utc))
            fills.append(fill)
        for sent, each in met:
            if each.short:
                detail = _moved("partial", "expired", f"P{sent.id}", each.quantity, NO_CASH, epoch)
                stored.audits.append(Audit(self._account, TRADER, "order.reported", sent.id, detail, now_utc))
        return fills

    def _fill(self, sent: Sent, met: Met, reference: str) -> Fill:
        intent = sent.intent
        return Fill(
            self._account, sent.id, reference, intent.instrument, intent.side, met.quantity, met.price, met.value,
            met.commission, met.tax, intent.stamp_utc,
        )  # fmt: skip


def _told(strode: Strode, fills: Sequence[Fill]) -> dict[int, list[object]]:
    # What was said and heard by row: fills, each with the end of its order, then ends of what was not filled whole.
    told = dict[int, list[object]]()
    late = dict[int, list[object]]()
    for sent, met, fill in zip(strode.orders, strode.fills, fills, strict=True):
        heard = told.setdefault(met.row, [])
        heard.append(Filled(fill))
        if met.short:
            late.setdefault(met.row, []).append(Ended(sent.id, OrderState.EXPIRED, NO_CASH))
        else:
            heard.append(Ended(sent.id, OrderState.FILLED))
    for row, ends in late.items():
        told[row] += ends
    for sent in strode.orders:
        told.setdefault(sent.row, []).append(Submit(sent.id, sent.intent))
    return told


def _tell(tell: Tell, block: BarBlock, strode: Strode, told: Mapping[int, Sequence[object]], *, whole: bool) -> None:
    asked = strode.rows - 1 if strode.asks else -1
    for row in range(strode.rows) if whole else sorted({*told, *([asked] if strode.asks else [])}):
        for event in block.events(strode.at + row):
            if row == asked and isinstance(event, SessionEdge) and not event.opened:
                break
            tell(event)
            for news in told.get(row, ()) if isinstance(event, BarRow) else ():
                tell(news)


def _moved(before: str, after: str, number: str, filled: Decimal, reason: str, epoch: int) -> dict[str, object]:
    return {
        "from": before, "to": after, "number": number, "filled": str(filled), "reason": reason, "attempt": 1,
        "epoch": epoch,
    }  # fmt: skip


def _by_row(orders: Sequence[Sent]) -> Iterator[list[Sent]]:
    return (list(found) for _, found in groupby(orders, key=attrgetter("row")))
