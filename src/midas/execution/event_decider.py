"""A strategy that is code, asked at every bar, as the loop's source of wishes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from midas.core.order import Side
from midas.execution.book import Book, worth
from midas.execution.deciding import Decision
from midas.execution.quantity import decimal_price
from midas.execution.rebalance import Wish
from midas.marketdata.block import BarBlock, RowView
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.ground import Ground
from midas.strategies.event import EventStrategy


class EventDecider:
    """Asks an `EventStrategy`; several orders of a name at one close are one, the sum of them."""

    waits = False

    def __init__(self, strategy: EventStrategy, ground: Ground, scale: float) -> None:
        self._strategy, self._ground = strategy, ground
        self._shown = -1
        self._context = _Context([str(instrument.id) for instrument in ground.instruments], scale)

    def act(self, action: CorporateAction) -> None:
        """Pass over corporate actions: prices and holdings tell them."""

    def learn(self, row: BarRow) -> Decision:
        """Show a bar before the first decision; orders are forgotten."""
        self._strategy.on_bar(self._context, row)
        self._context.clear()
        return Decision()

    def decide(self, row: BarRow, book: Book) -> Decision:
        """Show a bar, where it was not yet, and return what was ordered, sales first."""
        context = self._context
        context.see(book)
        if row.row > self._shown:
            self._strategy.on_bar(context, row)
        elif row.row < self._shown:
            raise RuntimeError(f"bar {row.row} has its turn, and bar {self._shown} was shown before")
        cancelled = sorted(context.cancelled)
        if not (context.wanted or context.priced) or book.is_stopped:
            context.clear()
            return Decision(cancelled=cancelled)
        wanted = sorted(context.wanted.items(), key=lambda entry: entry[1] > 0.0)
        wishes = [wish for column, quantity in wanted if (wish := _wish(column, quantity, book))]
        for column, quantity, limit, stop in context.priced:
            plain = _wish(column, quantity, book)
            if plain is not None:
                wishes.append(self._at_prices(plain, limit, stop, row.session))
        context.clear()
        return Decision(wishes, cancelled=cancelled)

    def _at_prices(self, wish: Wish, limit: float | None, stop: float | None, session: date) -> Wish:
        buys = wish.side is Side.BUY
        at_most = None if limit is None else self._on_tick(limit, wish.column, session, up=not buys)
        begins = None if stop is None else self._on_tick(stop, wish.column, session, up=buys)
        return replace(wish, limit=at_most, stop=begins)

    def _on_tick(self, price: float, column: int, session: date, *, up: bool) -> Decimal:
        instrument, exact = self._ground.instruments[column], decimal_price(price)
        if not self._ground.basis.is_raw:
            return exact
        return self._ground.venue.round_to_tick(exact, session, instrument.board, instrument.kind, up=up)

    def close(self, session: date, book: Book) -> None:
        """Return nothing: code was asked at the last bar."""

    def quiet(self, block: BarBlock, at: int, stop: int, book: Book, *, alone: bool) -> int:
        """Show bars up to the first on which something is ordered, and return its row."""
        if not alone:
            return at
        context, on_bar = self._context, self._strategy.on_bar
        wanted, priced, cancelled = context.wanted, context.priced, context.cancelled
        context.see(book)
        for row in range(at, stop):
            context.look(block, at, row)
            on_bar(context, RowView(block, row))
            if wanted or priced or cancelled:
                self._shown = block.first + row
                return row
        self._shown = block.first + stop - 1
        return stop

    def pass_over(self, block: BarBlock, at: int, stop: int) -> None:
        """Nothing is to be done: these bars were shown."""

    def snapshot(self) -> dict[str, Any]:
        return {"state": self._strategy.state}

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._strategy.state = dict(tree["state"])


class _Context:
    # What the strategy sees: the run's own book, and a list of what it wants.
    def __init__(self, symbols: Sequence[str], scale: float) -> None:
        self.symbols, self._scale = symbols, scale
        self.wanted: dict[int, float] = {}
        self.priced: list[tuple[int, float, float | None, float | None]] = []
        self.cancelled: set[int] = set()
        self._book: Book | None = None
        self._block: BarBlock | None = None
        self._from = self._at = 0

    def see(self, book: Book) -> None:
        self._book, self._block = book, None

    def look(self, block: BarBlock, begin: int, at: int) -> None:
        # The book has heard of what is before row `begin` of a block, and nothing but closes comes up to row `at`.
        self._block, self._from, self._at = block, begin, at

    @property
    def cash(self) -> float:
        return self._book.cash / self._scale if self._book else 0.0

    @property
    def equity(self) -> float:
        if self._book is None:
            return 0.0
        if self._block is None:
            return self._book.equity / self._scale
        return worth(self._book, self._block.fields["close"][self._from : self._at + 1]) / self._scale

    def position(self, column: int = 0) -> float:
        return float(self._book.quantities[column]) if self._book else 0.0

    def buy(self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None) -> None:
        self._order(quantity, column, limit, stop)

    def sell(self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None) -> None:
        self._order(-quantity, column, limit, stop)

    def cancel(self, column: int = 0) -> None:
        self.cancelled.add(column)

    def clear(self) -> None:
        self.wanted.clear()
        self.priced.clear()
        self.cancelled.clear()

    def _order(self, quantity: float, column: int, limit: float | None, stop: float | None) -> None:
        if limit is None and stop is None:
            self.wanted[column] = self.wanted.get(column, 0.0) + quantity
        else:
            self.priced.append((column, quantity, limit, stop))

    def close(self, column: int = 0) -> None:
        self.wanted[column] = -self.position(column)


def _wish(column: int, quantity: float, book: Book) -> Wish | None:
    size, held = abs(quantity), float(book.quantities[column])
    if not math.isfinite(size):
        return None
    if size != abs(held) or quantity * held >= 0.0:  # what closes all may be an odd lot
        lot = book.lot(column)
        size = round(math.floor(size / lot + 1e-9) * lot, 9)
    return Wish(column, Side.BUY if quantity > 0.0 else Side.SELL, size, math.nan) if size > 0.0 else None
