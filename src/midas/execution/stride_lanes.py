"""The two ways through a stride: by the targets of a graph, or by asking code at every bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from midas.execution.ahead import Ahead
from midas.execution.book import Book
from midas.execution.deciding import GraphDecider
from midas.execution.event_decider import EventDecider
from midas.execution.simulation import outgrown
from midas.execution.stride_room import ORDERS, Start, StrideRoom
from midas.kernels.stride import HEARD, LAST
from midas.marketdata.block import BarBlock

Integers = NDArray[np.int64]

Passes = Callable[[int, int], bool]
"""Tells whether the orders [begin, end) of the room are taken as they are, by gate and journal."""


class Lane(Protocol):
    """Goes through the rows of a stride, and leaves in the room how far it came."""

    @property
    def asks(self) -> bool:
        """Whether what was ordered on the last row is still to be carried out, in words."""
        ...

    def open(self, block: BarBlock, at: int) -> int:
        """Return the row before which a stride from row `at` on ends at the latest."""
        ...

    def go(self, block: BarBlock, at: int, rows: int, start: Start, room: StrideRoom, passes: Passes) -> bool:
        """Take as many of the rows as it can; False where it could take none."""
        ...


class GraphLane:
    """Weights alone decide, and are known ahead."""

    asks = False

    def __init__(self, decider: GraphDecider) -> None:
        self._decider = decider
        self._ahead: Ahead | None = None

    def open(self, block: BarBlock, at: int) -> int:
        self._ahead = self._decider.ahead(block, at)
        return at if self._ahead is None else self._ahead.stop

    def go(self, block: BarBlock, at: int, rows: int, start: Start, room: StrideRoom, passes: Passes) -> bool:
        ahead = self._ahead
        assert ahead is not None
        part = slice(ahead.taken, ahead.taken + rows)
        weights, flags = ahead.weights[part], HEARD * ahead.speaks[part] + _last(block, at, rows)
        if not room.by_weights(start, weights, flags):
            could, stopped = room.rows, room.stopped
            start.put_back()
            room.begin(rows)
            room.by_weights(start, weights, flags[:could])
            room.stopped = stopped
        return room.rows > 0 and passes(0, room.sent)


class CodeLane:
    """Code is shown the bars up to where it orders; then both accounts go on to the bar that this meets."""

    def __init__(self, decider: EventDecider, book: Book) -> None:
        self._decider, self._book = decider, book
        self.asks = False
        self._taken: list[tuple[int, Integers, NDArray[np.float64]]] = []

    def open(self, block: BarBlock, at: int) -> int:  # noqa: ARG002
        return len(block)

    def go(self, block: BarBlock, at: int, rows: int, start: Start, room: StrideRoom, passes: Passes) -> bool:
        decider, book = self._decider, self._book
        last, stop, row = _last(block, at, rows).tolist(), at + rows, at
        self._taken.clear()
        self.asks = False
        while (row := decider.show(block, at + room.rows, row, stop, book)) < stop:
            orders = decider.plain_orders(book)
            if orders is None or row + 1 == stop or last[row - at] or room.sent + len(orders) > ORDERS:
                self.asks = True
            elif orders:
                self.asks = not self._meet(orders, row + 2 - at, start, room, passes)
            if self.asks:
                break
            decider.ordered()
            row += 1
        if not room.by_orders(start, min(row + 1, stop) - at - room.rows):
            raise outgrown()  # nothing else can happen to an account without orders
        return True

    def _meet(
        self, orders: Sequence[tuple[int, float]], until: int, start: Start, room: StrideRoom, passes: Passes
    ) -> bool:
        # Both accounts up to and with the bar that orders meet; as they were where that takes words.
        columns = np.array([column for column, _ in orders], np.int64)
        sizes = np.array([size for _, size in orders])
        before, more = room.sent, until - room.rows
        if room.by_orders(start, more, columns, sizes) and passes(before, room.sent):
            self._taken.append((more, columns, sizes))
            return True
        start.put_back()
        room.begin(0)
        for taken in self._taken:
            room.by_orders(start, *taken)
        return False


def _last(block: BarBlock, at: int, rows: int) -> Integers:
    flags: Integers = LAST * (block.closes | block.ends)[at : at + rows]
    return flags
