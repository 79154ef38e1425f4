"""The two ways through a stride: by the targets of a graph, or by asking code at every bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderIntent
from midas.execution.ahead import Ahead
from midas.execution.book import Book
from midas.execution.deciding import GraphDecider
from midas.execution.event_decider import EventDecider
from midas.execution.simulation import outgrown
from midas.execution.stride_room import ORDERS, Start, StrideRoom
from midas.kernels.stride import HEARD, LAST
from midas.marketdata.block import BarBlock

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sent:
    """An order of a stride: the row it was decided on, counted from the stride's first, its id, key and column."""

    row: int
    id: str
    key: str
    intent: OrderIntent
    column: int


Name = Callable[[int, int], list[Sent] | None]
"""Returns the orders [begin, end) of the room; None where one of them might not be taken as it is."""


class Lane(Protocol):
    """Goes through the rows of a stride, and leaves in the room how far it came."""

    @property
    def asks(self) -> bool:
        """Whether what was ordered on the last row is still to be carried out, in words."""
        ...

    def open(self, block: BarBlock, at: int) -> int:
        """Return the row before which a stride from row `at` on ends at the latest."""
        ...

    def go(self, block: BarBlock, at: int, rows: int, start: Start, room: StrideRoom, name: Name) -> list[Sent] | None:
        """Take as many of the rows as it can, and return the orders; None where none could."""
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

    def go(self, block: BarBlock, at: int, rows: int, start: Start, room: StrideRoom, name: Name) -> list[Sent] | None:
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
        return name(0, room.sent) if room.rows else None


class CodeLane:
    """Code is shown the bars up to where it orders; then both accounts go on to the bar that this meets."""

    def __init__(self, decider: EventDecider, book: Book) -> None:
        self._decider, self._book = decider, book
        self.asks = False
        self._taken: list[tuple[int, Integers, NDArray[np.float64]]] = []

    def open(self, block: BarBlock, at: int) -> int:  # noqa: ARG002
        return len(block)

    def go(self, block: BarBlock, at: int, rows: int, start: Start, room: StrideRoom, name: Name) -> list[Sent] | None:
        found, decider, book = list[Sent](), self._decider, self._book
        last, stop, row = _last(block, at, rows).tolist(), at + rows, at
        self._taken.clear()
        self.asks = False
        while (row := decider.show(block, at + room.rows, row, stop, book)) < stop:
            orders = decider.plain_orders(book)
            if orders is None or row + 1 == stop or last[row - at] or room.sent + len(orders) > ORDERS:
                self.asks = True
            elif orders:
                made = self._meet(orders, row + 2 - at, start, room, name)
                found += made or ()
                self.asks = made is None
            if self.asks:
                break
            decider.ordered()
            row += 1
        if not room.by_orders(start, min(row + 1, stop) - at - room.rows):
            raise outgrown()  # nothing else can happen to an account without orders
        return found

    def _meet(
        self, orders: Sequence[tuple[int, float]], until: int, start: Start, room: StrideRoom, name: Name
    ) -> list[Sent] | None:
        # Both accounts up to and with the bar that orders meet; as they were where that takes words.
        columns = np.array([column for column, _ in orders], np.int64)
        sizes = np.array([size for _, size in orders])
        before, more = room.sent, until - room.rows
        if room.by_orders(start, more, columns, sizes):
            made = name(before, room.sent)
            if made is not None:
                self._taken.append((more, columns, sizes))
                return made
        start.put_back()
        room.begin(0)
        for taken in self._taken:
            room.by_orders(start, *taken)
        return None


def _last(block: BarBlock, at: int, rows: int) -> Integers:
    flags: Integers = LAST * (block.closes | block.ends)[at : at + rows]
    return flags
