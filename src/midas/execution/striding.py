"""Rows of a rehearsal in strides: where nothing can happen that takes words, both accounts go on in one compiled call.

That is so for plain orders, a graph's or of code: sent at a close within the session, filled at the next open as far as
the cash goes, and such that no check of the gate could refuse them. The first row where it is not so is taken singly,
as are those without a stride.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderKind
from midas.execution.book import enter
from midas.execution.book import frame_in as book_frame
from midas.execution.dealt import Dealt, Wording
from midas.execution.deciding import GraphDecider
from midas.execution.event_decider import EventDecider
from midas.execution.loop import Loop
from midas.execution.mandate import Mandate
from midas.execution.paper import PaperAccount
from midas.execution.paper_strides import Laid, lay, plain, take_back
from midas.execution.paper_strides import met as met_rows
from midas.execution.stride_lanes import CodeLane, GraphLane, Lane
from midas.execution.stride_room import Start, StrideRoom
from midas.marketdata.block import BarBlock

FEW = 2
"""Rows that are not worth a stride."""

Integers = NDArray[np.int64]
Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Strode:
    """A stride: `rows` of a block from row `at` on, what the accounts were worth at their closes, and what was dealt.

    cash, equity, own_equity : by row, in minor units, the first two of the paper account. asks : what code ordered on
    the last row is still to be carried out.
    """

    at: int
    rows: int
    cash: Integers
    equity: Integers
    own_equity: Integers
    dealt: Dealt
    asks: bool


class Striding:
    """Takes strides for a loop and a paper account."""

    def __init__(self, mandate: Mandate, loop: Loop, paper: PaperAccount) -> None:
        self._mandate, self._loop, self._paper = mandate, loop, paper
        self._room, self._lane, self._wording = StrideRoom(), _lane(loop), Wording(mandate)
        self._fractions = mandate.terms.fraction > 0.0
        kinds = {(one.id.venue, one.board, one.kind) for one in mandate.ground.instruments}
        self._kinds = [(board, kind) for _, board, kind in kinds]
        self._may = _may(mandate) and plain(paper) and {mic for mic, *_ in kinds} == {mandate.ground.venue.mic}
        self._singles: tuple[date | None, bool] = (None, False)
        self._not_before = 0

    def take(self, block: BarBlock, at: int, stop: int, known: Known | None) -> Strode | None:
        """Take a stride from row `at` of a block on, to before `stop` at most; None where that row is taken singly.

        known : whether there is an order with an id already; None where there cannot be one.
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

        def passes(begin: int, end: int) -> bool:
            return self._passes(block, at, begin, end, known)

        with ExitStack() as undone:
            # also where code fails, or is interrupted: neither account may be ahead of the journal then
            undone.callback(take_back, self._paper, laid)
            undone.callback(start.put_back)
            went = lane.go(block, at, laid.rows, start, room, passes)
            if went:
                undone.pop_all()
        stopped = block.first + at + room.stopped
        self._not_before = stopped + (room.rows < laid.rows)
        if not went:
            self._not_before = max(self._not_before, block.first + at + room.rows)
            return None
        return self._taken(block, at, laid, asks=lane.asks)

    def _ready(self, block: BarBlock, at: int) -> bool:
        # Whether nothing is at work or planned, and nothing could be said against what is ordered.
        loop, row = self._loop, block.first + at
        if row < self._not_before or row <= loop.row or row < self._mandate.first or not self._is_lot_one(block, at):
            return False
        free = not loop._working and not loop._acted and loop._plans.rest and loop._asking.lets_through
        return free and book_frame(loop.book) is not None and not loop.book.is_stopped

    def _passes(self, block: BarBlock, at: int, begin: int, end: int, known: Known | None) -> bool:
        # Whether gate and journal take each of them.
        orders, wanted = self._room.orders[begin:end], self._room.wanted[begin:end]
        if not self._fractions and not all(size.is_integer() for size in wanted[:, 0].tolist()):
            return False
        if known is None:
            return True
        return not any(known(one.id) for one in self._wording.sent(orders, wanted, block.stamps_utc[at + orders[:, 0]]))

    def _taken(self, block: BarBlock, at: int, laid: Laid, *, asks: bool) -> Strode:
        room, session = self._room, block.session(at)
        rows, begins = room.rows, room.begun
        cash, equity = met_rows(self._paper, block, at, laid, rows)
        dealt = self._dealt(block, at, session)
        if len(dealt):
            self._paper.orders.met(session, dealt.working)
        loop = self._loop
        loop.row = block.first + at + rows - 1
        loop._decider.pass_over(block, at, at + rows)
        if begins:
            last_utc = block.stamp_utc(at + int(room.begins[begins - 1, 0]))
            loop._asking.strode(session, last_utc, room.begins[:begins, 1].tolist(), dealt)
        return Strode(at, rows, cash, equity, room.own[:rows].copy(), dealt, asks)

    def _dealt(self, block: BarBlock, at: int, session: date) -> Dealt:
        room, count = self._room, self._room.sent
        orders = room.orders[:count].copy()
        decided = orders[:, 0] + at
        return Dealt(
            block.first + at, session, orders, room.wanted[:count].copy(), room.fills[:count].copy(),
            room.amounts[:count].copy(), block.stamps_utc[decided], block.stamps_utc[decided + 1], self._wording,
        )  # fmt: skip

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
