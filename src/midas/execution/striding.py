"""Rows of a rehearsal in strides: where nothing can happen that takes words, both accounts go on in one compiled call.

That is so for plain orders, a graph's or of code: sent at a close within the session, filled at the next open as far as
the cash goes, and such that no check of the gate could refuse them. The first row where it is not so is taken singly,
as are those without a stride.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderIntent, OrderKind, Reject, Side, TimeInForce
from midas.execution.book import enter
from midas.execution.book import frame_in as book_frame
from midas.execution.broker import BrokerState, Ticket
from midas.execution.deciding import GraphDecider
from midas.execution.event_decider import EventDecider
from midas.execution.loop import TARGET, Loop
from midas.execution.mandate import Mandate
from midas.execution.order_id import id_of
from midas.execution.paper import PaperAccount
from midas.execution.paper_state import Working
from midas.execution.paper_strides import Laid, lay, plain, take_back
from midas.execution.paper_strides import met as met_rows
from midas.execution.quantity import decimal_price, decimal_quantity
from midas.execution.stride_lanes import CodeLane, GraphLane, Lane, Sent
from midas.execution.stride_room import Start, StrideRoom
from midas.marketdata.block import BarBlock

FEW = 2
"""Rows that are not worth a stride."""

Integers = NDArray[np.int64]


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
    asks : what code ordered on the last row is still to be carried out.
    """

    at: int
    rows: int
    cash: Integers
    equity: Integers
    own_equity: Integers
    orders: Sequence[Sent]
    fills: Sequence[Met]
    asks: bool


class Striding:
    """Takes strides for a loop and a paper account."""

    def __init__(self, mandate: Mandate, loop: Loop, paper: PaperAccount) -> None:
        self._mandate, self._loop, self._paper = mandate, loop, paper
        self._ids = [instrument.id for instrument in mandate.ground.instruments]
        self._room, self._lane = StrideRoom(), _lane(loop)
        self._bar = timedelta(seconds=mandate.ground.timeframe.seconds)
        self._carried = mandate.terms.dealing.carry and not mandate.by_change
        self._fractions = mandate.terms.fraction > 0.0
        kinds = {(one.id.venue, one.board, one.kind) for one in mandate.ground.instruments}
        self._kinds = [(board, kind) for _, board, kind in kinds]
        self._may = _may(mandate) and plain(paper) and {mic for mic, *_ in kinds} == {mandate.ground.venue.mic}
        self._singles: tuple[date | None, bool] = (None, False)
        self._not_before = 0

    def take(self, block: BarBlock, at: int, stop: int, known: Callable[[str], bool]) -> Strode | None:
        """Take a stride from row `at` of a block on, to before `stop` at most; None where that row is taken singly.

        known : whether there is an order with an id already.
        """
        lane = self._lane if self._may and self._ready(block, at) else None
        stop = at if lane is None else min(stop, lane.open(block, at), block.session_stop(at))
        laid = lay(self._paper, block, at, stop) if stop - at >= FEW else None
        if lane is None or laid is None:
            return None
        loop, room = self._loop, self._room
        start = Start(laid.account, loop.book)
        enter(loop.book, block.session(at))
        room.begin(laid.rows)

        def name(begin: int, end: int) -> list[Sent] | None:
            return self._sent(block, at, begin, end, known)

        with ExitStack() as undone:
            # also where code fails, or is interrupted: neither account may be ahead of the journal then
            undone.callback(take_back, self._paper, laid)
            undone.callback(start.put_back)
            sent = lane.go(block, at, laid.rows, start, room, name)
            if sent is not None:
                undone.pop_all()
        stopped = block.first + at + room.stopped
        self._not_before = stopped + (room.rows < laid.rows)
        if sent is None:
            self._not_before = max(self._not_before, block.first + at + room.rows)
            return None
        return self._taken(block, at, laid, sent, asks=lane.asks)

    def _ready(self, block: BarBlock, at: int) -> bool:
        # Whether nothing is at work or planned, and nothing could be said against what is ordered.
        loop, row = self._loop, block.first + at
        if row < self._not_before or row <= loop.row or row < self._mandate.first or not self._is_lot_one(block, at):
            return False
        free = not loop._working and not loop._acted and loop._plans.rest and loop._asking.lets_through
        return free and book_frame(loop.book) is not None and not loop.book.is_stopped

    def _sent(self, block: BarBlock, at: int, begin: int, end: int, known: Callable[[str], bool]) -> list[Sent] | None:
        # None where the gate, or a journal, might not take one of them.
        room, found = self._room, list[Sent]()
        before, place = -1, 0
        for (row, column), (wanted, price) in zip(
            room.orders[begin:end].tolist(), room.wanted[begin:end].tolist(), strict=True
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

    def _taken(self, block: BarBlock, at: int, laid: Laid, sent: list[Sent], *, asks: bool) -> Strode:
        room, session = self._room, block.session(at)
        rows, fills, begins = room.rows, room.fed, room.begun
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
        return Strode(at, rows, cash, equity, room.own[:rows].copy(), sent, met, asks)

    def _is_lot_one(self, block: BarBlock, at: int) -> bool:
        # where parts of shares trade, lots do not hold
        if self._fractions:
            return True
        session = block.session(at)
        if self._singles[0] != session:
            lot = self._mandate.ground.venue.lot
            self._singles = session, all(lot(session, board, kind) == 1 for board, kind in self._kinds)
        return self._singles[1]


def _lane(loop: Loop) -> Lane | None:
    match loop._decider:
        case GraphDecider() as decider:
            return GraphLane(decider)
        case EventDecider() as decider:
            return CodeLane(decider, loop.book)
    return None


def _may(mandate: Mandate) -> bool:
    # Whether all that happens are orders at the open of the next bar, and nothing but the gate could hold them up.
    dealing, broker = mandate.terms.dealing, mandate.broker
    moves = dealing.allow_short or dealing.cash_rate or dealing.reinvest_dividends
    quiet = not (mandate.live or mandate.exits or moves or dealing.entry_limit)
    takes = broker.cuts_purchases and broker.cuts_sales and OrderKind.MARKET in broker.kinds
    return quiet and takes and mandate.ground.timeframe.is_intraday and mandate.style.kind == "open"


def _working(sent: Sent, met: Met, session: date) -> Working:
    intent = sent.intent
    ticket = Ticket(
        sent.id, intent.instrument, intent.side, intent.quantity, intent.kind, intent.time_in_force, None, None,
        intent.reduce_only,
    )  # fmt: skip
    stamp, state = intent.stamp_utc, BrokerState.EXPIRED if met.short else BrokerState.FILLED
    reason = Reject.NO_CASH.value if met.short else ""
    return Working(f"P{sent.id}", ticket, sent.column, stamp, stamp, state, met.quantity, reason, session)
