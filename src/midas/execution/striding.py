"""Rows of a rehearsal in strides: where nothing can happen that takes words, both accounts go on in one compiled call.

That is so for a graph's plain orders: sent at a close within the session, filled at the next open as far as the cash
goes, and such that no check of the gate could refuse them. The first row where it is not so is taken singly, as are
those without a stride.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderIntent, OrderKind, Reject, Side, TimeInForce
from midas.execution.ahead import Ahead
from midas.execution.book import Book, enter
from midas.execution.book import frame_in as book_frame
from midas.execution.broker import BrokerState, Ticket
from midas.execution.deciding import GraphDecider
from midas.execution.loop import TARGET, Loop
from midas.execution.mandate import Mandate
from midas.execution.order_id import id_of
from midas.execution.paper import PaperAccount
from midas.execution.paper_state import Working
from midas.execution.paper_strides import Laid, lay, plain, take_back
from midas.execution.paper_strides import met as met_rows
from midas.execution.quantity import decimal_price, decimal_quantity
from midas.execution.stepping import Mark, SteppedAccount, frame_in, mark_of, put_back
from midas.kernels.stride import HEARD, LAST, stride
from midas.marketdata.block import BarBlock

FEW = 2
"""Rows that are not worth a stride."""

ORDERS = 1024
"""Orders of a stride, at most."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sent:
    """An order of a stride: the row it was decided on, counted from the stride's first, its id, key and column."""

    row: int
    id: str
    key: str
    intent: OrderIntent
    column: int


@dataclass(frozen=True, slots=True)
class Met:
    """The one fill of an order: row, order by its place, quantity and price, and minor units.

    short : the cash did not last for all of it, and the rest was dropped.
    """

    row: int
    order: int
    quantity: Decimal
    price: Decimal
    value: int
    commission: int
    tax: int
    short: bool


@dataclass(frozen=True, slots=True)
class Strode:
    """A stride: `rows` of a block from row `at` on, what the accounts were worth at their closes, orders and fills.

    cash, equity, own_equity : by row, in minor units, the first two of the paper account. orders, fills : as they came.
    """

    at: int
    rows: int
    cash: Integers
    equity: Integers
    own_equity: Integers
    orders: Sequence[Sent]
    fills: Sequence[Met]


class Striding:
    """Takes strides for a loop and a paper account."""

    def __init__(self, mandate: Mandate, loop: Loop, paper: PaperAccount) -> None:
        self._mandate, self._loop, self._paper = mandate, loop, paper
        self._ids = [instrument.id for instrument in mandate.ground.instruments]
        self._room = _Room()
        self._bar = timedelta(seconds=mandate.ground.timeframe.seconds)
        self._carried = mandate.terms.dealing.carry and not mandate.by_change
        self._fractions = mandate.terms.fraction > 0.0
        kinds = {(one.id.venue, one.board, one.kind) for one in mandate.ground.instruments}
        self._kinds = [(board, kind) for _, board, kind in kinds]
        graph = isinstance(loop._decider, GraphDecider)
        self._may = (
            graph and _may(mandate) and plain(paper) and {mic for mic, *_ in kinds} == {mandate.ground.venue.mic}
        )
        self._singles: tuple[date | None, bool] = (None, False)
        self._not_before = 0

    def take(self, block: BarBlock, at: int, stop: int, known: Callable[[str], bool]) -> Strode | None:
        """Take a stride from row `at` of a block on, to before `stop` at most; None where that row is taken singly.

        known : whether there is an order with an id already.
        """
        if not self._may or block.first + at < self._not_before or not self._lots_of_one(block.session(at)):
            return None
        book, ahead = self._loop.book, self._ahead(block, at)
        stop = 0 if ahead is None else min(stop, ahead.stop, block.session_stop(at))
        laid = lay(self._paper, block, at, stop) if stop - at >= FEW else None
        if ahead is None or laid is None:
            return None
        before = mark_of(laid.account), book.snapshot()
        enter(book, block.session(at))
        part = slice(ahead.taken, ahead.taken + laid.rows)
        flags = HEARD * ahead.speaks[part] + LAST * (block.closes | block.ends)[at : at + laid.rows]
        counts = self._stride(laid.account, ahead.weights[part], flags)
        stopped = block.first + at + counts[-1]
        if counts[0] < laid.rows:
            _put_back(laid.account, book, before)
            counts = self._stride(laid.account, ahead.weights[part], flags[: counts[0]])
        rows = counts[0]
        sent = self._sent(block, at, counts[1], known)
        self._not_before = stopped + (rows < laid.rows)
        if rows == 0 or sent is None:
            _put_back(laid.account, book, before)
            take_back(self._paper, laid)
            self._not_before = max(self._not_before, block.first + at + rows)
            return None
        return self._taken(block, at, laid, counts, sent)

    def _ahead(self, block: BarBlock, at: int) -> Ahead | None:
        # The targets that alone decide what is wanted; None where more does.
        loop, row = self._loop, block.first + at
        if loop._working or not loop._plans.rest or not loop._asking.lets_through or book_frame(loop.book) is None:
            return None
        if row <= loop.row or row < self._mandate.first or loop.book.is_stopped:
            return None
        return loop._decider.ahead(block, at) if isinstance(loop._decider, GraphDecider) else None

    def _stride(
        self, account: SteppedAccount, weights: NDArray[np.float64], flags: Integers
    ) -> tuple[int, int, int, int, int]:
        room, book = self._room, book_frame(self._loop.book)
        assert book is not None
        room.fit(len(flags))
        return stride(
            frame_in(account), book, weights, flags, room.own, room.orders, room.wanted, room.fills, room.amounts,
            room.begins,
        )  # fmt: skip

    def _sent(self, block: BarBlock, at: int, count: int, known: Callable[[str], bool]) -> list[Sent] | None:
        # None where the gate, or a journal, might not take one of them.
        room, found = self._room, list[Sent]()
        before, place = -1, 0
        for (row, column), (wanted, price) in zip(
            room.orders[:count].tolist(), room.wanted[:count].tolist(), strict=True
        ):
            place = place + 1 if row == before else 0
            if row != before:
                before, stamp_utc = row, block.stamp_utc(at + row)
            intent = self._intent(column, wanted, price, stamp_utc, place)
            key = intent.key
            identity = id_of(key)
            if known(identity) or not (self._fractions or wanted.is_integer()):
                return None
            found.append(Sent(row, identity, key, intent, column))
        return found

    def _intent(self, column: int, wanted: float, price: float, stamp_utc: datetime, place: int) -> OrderIntent:
        mandate = self._mandate
        return OrderIntent(
            mandate.account, mandate.run, self._ids[column], Side.BUY if wanted > 0.0 else Side.SELL,
            decimal_quantity(abs(wanted)), OrderKind.MARKET, TimeInForce.GTC if self._carried else TimeInForce.NEXT,
            stamp_utc, stamp_utc + self._bar, TARGET, place, None, None, decimal_price(price), False, mandate.strategy,
        )  # fmt: skip

    def _taken(
        self, block: BarBlock, at: int, laid: Laid, counts: tuple[int, int, int, int, int], sent: list[Sent]
    ) -> Strode:
        rows, _, fills, begins, _ = counts
        room, session = self._room, block.session(at)
        cash, equity = met_rows(self._paper, block, at, laid, rows)
        met = list[Met]()
        for (row, order, value, commission, tax, short), (quantity, price) in zip(
            room.fills[:fills].tolist(), room.amounts[:fills].tolist(), strict=True
        ):
            filled, paid = decimal_quantity(quantity), decimal_price(price)
            met.append(Met(row, order, filled, paid, value, commission, tax, short > 0))
        for each in met:
            self._paper.orders.met(_working(sent[each.order], each, session))
        loop = self._loop
        loop.row = block.first + at + rows - 1
        loop._decider.pass_over(block, at, at + rows)
        if begins:
            last_utc = block.stamp_utc(at + int(room.begins[begins - 1, 0]))
            equities = room.begins[:begins, 1].tolist()
            loop._asking.strode(session, last_utc, equities, [(each.id, each.intent) for each in sent])
        return Strode(at, rows, cash, equity, room.own[:rows].copy(), sent, met)

    def _lots_of_one(self, session: date) -> bool:
        # where parts of shares trade, lots do not hold
        if self._fractions:
            return True
        if self._singles[0] != session:
            lot = self._mandate.ground.venue.lot
            self._singles = session, all(lot(session, board, kind) == 1 for board, kind in self._kinds)
        return self._singles[1]


class _Room:
    # What compiled code writes into.
    def __init__(self) -> None:
        self.orders, self.wanted = np.empty((ORDERS, 2), np.int64), np.empty((ORDERS, 2))
        self.fills, self.amounts = np.empty((ORDERS, 6), np.int64), np.empty((ORDERS, 2))
        self.own, self.begins = np.empty(0, np.int64), np.empty((0, 2), np.int64)

    def fit(self, rows: int) -> None:
        if rows > len(self.own):
            self.own, self.begins = np.empty(rows, np.int64), np.empty((rows, 2), np.int64)


def _may(mandate: Mandate) -> bool:
    # Whether all that happens are orders at the open of the next bar, and nothing but the gate could hold them up.
    dealing, broker = mandate.terms.dealing, mandate.broker
    quiet = not (mandate.live or mandate.exits or dealing.allow_short or dealing.cash_rate or dealing.entry_limit)
    takes = broker.cuts_purchases and broker.cuts_sales and OrderKind.MARKET in broker.kinds
    return quiet and takes and mandate.ground.timeframe.is_intraday and mandate.style.kind == "open"


def _put_back(account: SteppedAccount, book: Book, before: tuple[Mark, Mapping[str, Any]]) -> None:
    put_back(account, before[0])
    book.restore(before[1])


def _working(sent: Sent, met: Met, session: date) -> Working:
    intent = sent.intent
    ticket = Ticket(
        sent.id, intent.instrument, intent.side, intent.quantity, intent.kind, intent.time_in_force, None, None,
        intent.reduce_only,
    )  # fmt: skip
    stamp, state = intent.stamp_utc, BrokerState.EXPIRED if met.short else BrokerState.FILLED
    reason = Reject.NO_CASH.value if met.short else ""
    return Working(f"P{sent.id}", ticket, sent.column, stamp, stamp, state, met.quantity, reason, session)
