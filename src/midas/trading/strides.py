"""What a stride did, told and stored as if its rows had been taken one by one, once somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import groupby

from midas.core.order import Fill, OrderState, Reject
from midas.execution.dealt import Dealt, Met, Sent
from midas.execution.loop import Loop
from midas.execution.loop_events import Ended, Filled, Submit
from midas.execution.mandate import Mandate
from midas.execution.order_row import OrderRow
from midas.execution.paper import PaperAccount
from midas.execution.quantity import of_parts
from midas.execution.striding import Known, Striding, Strode
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, SessionEdge
from midas.trading.account_store import AccountStore
from midas.trading.draft import TRADER
from midas.trading.holding import Books, book_of
from midas.trading.journal import Audit
from midas.trading.memory_store import MemoryStore

Tell = Callable[[object], None]
Order = tuple[Sent, Met, tuple[int, int]]
"""An order, its fill, and what was held before, in parts, and its cost."""

NO_CASH = Reject.NO_CASH.value
A_ROW, AN_ORDER = 2, 2
"""Batches: of a row, what it orders and what came of that; of an order alone, that it is sent, and that it was."""

_ZERO = Decimal(0)


class Strides:
    """Takes strides, and stores their orders and fills in a journal in memory."""

    def __init__(self, mandate: Mandate, loop: Loop, paper: PaperAccount, store: MemoryStore, books: Books) -> None:
        self._account, self._store, self._books = mandate.account, store, books
        self._paper, self._striding = paper, Striding(mandate, loop, paper)

    def take(self, block: BarBlock, at: int, stop: int, epoch: int) -> Strode | None:
        """Take a stride and keep what it did; None where the row is taken singly."""
        stored = self._store.so_far(self._account)
        if stored.epoch != epoch:
            return None
        strode = self._striding.take(block, at, stop, self._known(stored, block.stamp_utc(at)))
        if strode is None or not len(strode.dealt):
            return strode
        dealt = strode.dealt
        rows = [row for row, _ in groupby(dealt.orders[:, 0].tolist())]
        batches = A_ROW * len(rows) + AN_ORDER * len(dealt)
        last_utc = block.stamp_utc(at + rows[-1])
        stored.put_off(partial(self._enter, stored, dealt, epoch), len(dealt), batches, last_utc)
        self._books.put_off(dealt)
        return strode

    def _known(self, stored: AccountStore, first_utc: datetime) -> Known | None:
        # The same order has the same moment: where all that is known is older, no id need be looked for.
        older = stored.latest_utc < first_utc and self._paper.orders.latest_utc < first_utc
        return None if older else lambda order: order in self._store.homes or self._paper.orders.knows(order)

    def _enter(self, stored: AccountStore, dealt: Dealt, epoch: int, place: int) -> None:
        self._books.settle()
        orders = list(zip(dealt.sent, dealt.met, dealt.held, strict=True))
        for row, group in groupby(orders, key=lambda order: order[0].row):
            of_row = list(group)
            for sent, _, _ in of_row:
                self._send(stored, sent, epoch, place)
                place += 1
            self._report(stored, of_row, dealt.first + row + 1, epoch)

    def _send(self, stored: AccountStore, sent: Sent, epoch: int, place: int) -> None:
        order, number, now_utc = sent.id, f"P{sent.id}", sent.intent.stamp_utc
        self._store.enlist(self._account, order, sent.key, number, place)
        sending = _moved("new", "sending", "", _ZERO, "", epoch)
        opened = _moved("sending", "open", number, _ZERO, "", epoch)
        stored.audits.append(Audit(self._account, TRADER, "order.sending", order, sending, now_utc))
        stored.audits.append(Audit(self._account, TRADER, "order.sent", order, opened, now_utc))

    def _report(self, stored: AccountStore, orders: Sequence[Order], row: int, epoch: int) -> None:
        # Fills, then the ends of what was not filled whole.
        for place, (sent, met, held) in enumerate(orders):
            fill = _fill(sent, met, f"x{row}-{place}")
            stored.book(book_of(fill, of_parts(held[0]), held[1], self._books.currency))
            state, reason = (OrderState.EXPIRED, NO_CASH) if met.short else (OrderState.FILLED, "")
            stored.orders[sent.id] = OrderRow(
                sent.id, sent.intent, state, f"P{sent.id}", 1, epoch, sent.intent.stamp_utc, met.quantity, reason, (),
                met.stamp_utc,
            )  # fmt: skip
            detail = _moved("open", "partial" if met.short else "filled", f"P{sent.id}", met.quantity, "", epoch)
            stored.audits.append(Audit(self._account, TRADER, "order.fill", sent.id, detail, met.stamp_utc))
        for sent, met, _ in orders:
            if met.short:
                detail = _moved("partial", "expired", f"P{sent.id}", met.quantity, NO_CASH, epoch)
                stored.audits.append(Audit(self._account, TRADER, "order.reported", sent.id, detail, met.stamp_utc))


def tell_of(strode: Strode, block: BarBlock, tell: Tell, *, whole: bool) -> None:
    """Tell what happened, of quiet rows only if `whole`.

    The end of a session is not told before what is still to be carried out.
    """
    told, asked = _told(strode.dealt), strode.rows - 1 if strode.asks else -1
    for row in range(strode.rows) if whole else sorted({*told, *([asked] if strode.asks else [])}):
        for event in block.events(strode.at + row):
            if row == asked and isinstance(event, SessionEdge) and not event.opened:
                break
            tell(event)
            for news in told.get(row, ()) if isinstance(event, BarRow) else ():
                tell(news)


def _told(dealt: Dealt) -> Mapping[int, Sequence[object]]:
    # What was said and heard by row: fills, each with the end of its order, then ends of what was not filled whole.
    told = dict[int, list[object]]()
    late = dict[int, list[object]]()
    place = dict[int, int]()
    for sent, met in zip(dealt.sent, dealt.met, strict=True):
        heard = told.setdefault(met.row, [])
        place[met.row] = place.get(met.row, -1) + 1
        heard.append(Filled(_fill(sent, met, f"x{dealt.first + met.row}-{place[met.row]}")))
        if met.short:
            late.setdefault(met.row, []).append(Ended(sent.id, OrderState.EXPIRED, NO_CASH))
        else:
            heard.append(Ended(sent.id, OrderState.FILLED))
    for row, ends in late.items():
        told[row] += ends
    for sent in dealt.sent:
        told.setdefault(sent.row, []).append(Submit(sent.id, sent.intent))
    return told


def _fill(sent: Sent, met: Met, reference: str) -> Fill:
    intent = sent.intent
    return Fill(
        intent.account, sent.id, reference, intent.instrument, intent.side, met.quantity, met.price, met.value,
        met.commission, met.tax, intent.stamp_utc,
    )  # fmt: skip


def _moved(before: str, after: str, number: str, filled: Decimal, reason: str, epoch: int) -> dict[str, object]:
    return {
        "from": before, "to": after, "number": number, "filled": str(filled), "reason": reason, "attempt": 1,
        "epoch": epoch,
    }  # fmt: skip
