"""What an `EventStrategy` sees and asks for at a bar: the run's own book, and a list of what it wants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.core.order import Reject
from midas.execution.book import Book, worth
from midas.marketdata.block import BarBlock

NOWHERE = -1
"""Column of an order for an instrument that is none."""


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """An order that never became one; column -1 is no instrument, `side` 1 buys, and `quantity` is as it was asked."""

    row: int
    column: int
    side: int
    quantity: float
    reason: Reject


class Priced(NamedTuple):
    """An order that waits for its price; `quantity` below 0 sells."""

    column: int
    quantity: float
    limit: float | None
    stop: float | None


class EventContext:
    """A `Context` over a run's book.

    wanted : signed quantities for the next bar, by column. refused : what made no sense, over the whole run.
    """

    def __init__(self, symbols: Sequence[str], scale: float) -> None:
        self.symbols, self._scale = symbols, scale
        self.wanted: dict[int, float] = {}
        self.priced: list[Priced] = []
        self.cancelled: set[int] = set()
        self.refused: list[RefusedOrder] = []
        self.row = -1
        self._count = len(symbols)
        self._book: Book | None = None
        self._held: NDArray[np.float64] | None = None
        self._block: BarBlock | None = None
        self._from = self._at = 0

    def see(self, book: Book) -> None:
        """Look at a book that has heard of all there is."""
        self._book, self._held, self._block = book, book.quantities, None

    def look(self, block: BarBlock, begin: int) -> None:
        """Look at rows of a block, one after the other: the book heard of those before row `begin`.

        Nothing but closes came since, and nothing at all where `begin` is the row behind it.
        """
        self._block, self._from = block, begin

    @property
    def cash(self) -> float:
        return self._book.cash / self._scale if self._book else 0.0

    @property
    def equity(self) -> float:
        if self._book is None:
            return 0.0
        if self._block is None or self._at < self._from:
            return self._book.equity / self._scale
        return worth(self._book, self._block.fields["close"][self._from : self._at + 1]) / self._scale

    def position(self, column: int = 0) -> float:
        place = index(column)
        if not 0 <= place < self._count:
            raise IndexError(f"there is no instrument {place}, only 0 to {self._count - 1}")
        return 0.0 if self._held is None else self._held.item(place)

    def buy(self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None) -> None:
        self._order(1, quantity, column, limit, stop)

    def sell(self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None) -> None:
        self._order(-1, quantity, column, limit, stop)

    def cancel(self, column: int = 0) -> None:
        place = index(column)
        if self._exists(place):
            self.cancelled.add(place)
        else:
            self.refuse(NOWHERE, -1, math.nan, Reject.UNKNOWN_INSTRUMENT)

    def close(self, column: int = 0) -> None:
        place = index(column)
        if self._exists(place):
            self.wanted[place] = -self.position(place)
        else:
            self.refuse(NOWHERE, -1, math.nan, Reject.UNKNOWN_INSTRUMENT)

    def clear(self) -> None:
        """Forget what is wanted."""
        self.wanted.clear()
        self.priced.clear()
        self.cancelled.clear()

    def refuse(self, column: int, side: int, quantity: float, reason: Reject) -> None:
        """Note that something asked for is not done."""
        self.refused.append(RefusedOrder(self.row, column, side, quantity, reason))

    def _exists(self, place: int) -> bool:
        return 0 <= place < self._count

    def _order(self, side: int, quantity: float, column: int, limit: float | None, stop: float | None) -> None:
        size, place = float(quantity), index(column)
        reason = self._nonsense(size, place, limit, stop)
        if reason is not None:
            self.refuse(place if self._exists(place) else NOWHERE, side, size, reason)
        elif limit is None and stop is None:
            self.wanted[place] = self.wanted.get(place, 0.0) + side * size
        else:
            self.priced.append(Priced(place, side * size, limit, stop))

    def _nonsense(self, size: float, place: int, limit: float | None, stop: float | None) -> Reject | None:
        if not self._exists(place):
            return Reject.UNKNOWN_INSTRUMENT
        if not (math.isfinite(size) and size > 0.0):
            return Reject.BAD_QUANTITY
        given = [float(price) for price in (limit, stop) if price is not None]
        if len(given) > 1 or not all(math.isfinite(price) and price > 0.0 for price in given):
            return Reject.BAD_PRICE
        return None
