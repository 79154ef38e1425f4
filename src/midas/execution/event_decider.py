"""A strategy that is code, asked at every bar, as the loop's source of wishes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from midas.core.errors import StrategyInvalid
from midas.core.order import Reject, Side
from midas.execution.book import Book
from midas.execution.deciding import Decision
from midas.execution.event_context import EventContext, Priced, RefusedOrder
from midas.execution.quantity import decimal_price
from midas.execution.rebalance import Wish
from midas.marketdata.block import BarBlock, RowView, shown
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.ground import Ground
from midas.strategies.event import EventBar, EventStrategy


class EventDecider:
    """Asks an `EventStrategy`; several orders of a name at one close are one, the sum of them.

    It is shown bars from row `begins` on. moved : how many of its prices lay between two ticks.
    """

    waits = False

    def __init__(self, strategy: EventStrategy, ground: Ground, scale: float, *, begins: int = 0) -> None:
        self._strategy, self._ground, self._begins = strategy, ground, begins
        self._shown = -1
        self._context = EventContext([str(instrument.id) for instrument in ground.instruments], scale)
        self.moved = 0

    @property
    def refused(self) -> Sequence[RefusedOrder]:
        """Orders that never became one, with the reason."""
        return self._context.refused

    def act(self, action: CorporateAction) -> None:
        """Pass over corporate actions: prices and holdings tell them."""

    def learn(self, row: BarRow) -> Decision:
        """Show a bar before the first decision; orders are forgotten."""
        if row.row >= self._begins:
            self._ask(row)
            self._context.clear()
            self._context.refused.clear()
        return Decision()

    def decide(self, row: BarRow, book: Book) -> Decision:
        """Show a bar, where it was not yet, and return what was ordered, sales first."""
        context = self._context
        context.see(book)
        if row.row > self._shown:
            self._ask(row)
        elif row.row < self._shown:
            raise RuntimeError(f"bar {row.row} has its turn, and bar {self._shown} was shown before")
        cancelled = sorted(context.cancelled)
        if not (context.wanted or context.priced) or book.is_stopped:
            self._stop(context)
            return Decision(cancelled=cancelled)
        wishes = [wish for column, quantity in _in_turn(context) if (wish := self._wish(column, quantity, book))]
        for order in context.priced:
            plain = self._wish(order.column, order.quantity, book)
            if plain is not None:
                wishes.append(self._at_prices(plain, order, row.session))
        context.clear()
        return Decision(wishes, cancelled=cancelled)

    def close(self, session: date, book: Book) -> None:
        """Return nothing: code was asked at the last bar."""

    def quiet(self, block: BarBlock, at: int, stop: int, book: Book, *, alone: bool) -> int:
        """Show bars up to the first on which something is ordered, and return its row."""
        return self.show(block, at, at, stop, book) if alone else at

    def show(self, block: BarBlock, begin: int, at: int, stop: int, book: Book) -> int:
        """Show bars from row `at` on; return the first row on which something is ordered, `stop` where none is.

        The book has heard of the rows before `begin`, and hears of nothing but closes until that row.
        """
        context, on_bar, closes = self._context, self._strategy.on_bar, block.shown("close")
        wanted, priced, cancelled = context.wanted, context.priced, context.cancelled
        context.see(book)
        context.look(block, begin)
        row = at
        try:
            for row in range(at, stop):
                context.row, context._at = block.first + row, row
                on_bar(context, RowView(block, row, closes[row]))
                if wanted or priced or cancelled:
                    self._shown = block.first + row
                    return row
        except Exception as error:  # house: broad-except: it is the user's code, and may fail in any way
            raise self._failed(RowView(block, row, closes[row]), error) from error
        self._shown = block.first + stop - 1
        return stop

    def plain_orders(self, book: Book) -> Sequence[tuple[int, float]] | None:
        """Return what was ordered at the bar shown last, by column and signed, sales first.

        None where that takes more words, and `decide` has to find them: prices, cancels, or too little for a lot.
        """
        context = self._context
        if context.priced or context.cancelled or book.is_stopped:
            return None
        sizes = [(column, math.copysign(self._size(column, wish, book), wish)) for column, wish in _in_turn(context)]
        return sizes if sizes and all(size != 0.0 for _, size in sizes) else None

    def ordered(self) -> None:
        """Forget what was ordered: it is done."""
        self._context.clear()

    def pass_over(self, block: BarBlock, at: int, stop: int) -> None:
        """Nothing is to be done: these bars were shown."""

    def snapshot(self) -> dict[str, Any]:
        return {"state": self._strategy.state}

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._strategy.state = dict(tree["state"])

    def _ask(self, row: BarRow) -> None:
        self._context.row = row.row
        bar = replace(row, fields={name: shown(values) for name, values in row.fields.items()})
        try:
            self._strategy.on_bar(self._context, bar)
        except Exception as error:  # house: broad-except: it is the user's code, and may fail in any way
            raise self._failed(row, error) from error

    def _failed(self, bar: EventBar, error: Exception) -> StrategyInvalid:
        when = bar.stamp_utc.isoformat() if self._ground.timeframe.is_intraday else bar.session.isoformat()
        return StrategyInvalid(
            f"Strategy {self._strategy.name!r} failed at the bar of {when}: {type(error).__name__}: {error}",
            hint="The traceback above shows the line of on_bar; the run ended there.",
            code="strategy_failed",
        )

    def _stop(self, context: EventContext) -> None:
        # an account below its maintenance margin, or without equity, orders nothing
        asked = [*context.wanted.items(), *((order.column, order.quantity) for order in context.priced)]
        for column, quantity in asked:
            context.refuse(column, _side(quantity), abs(quantity), Reject.MARGIN)
        context.clear()

    def _wish(self, column: int, quantity: float, book: Book) -> Wish | None:
        if quantity == 0.0:
            return None  # what was bought and sold at once, or closed and not held
        size = self._size(column, quantity, book)
        if size > 0.0:
            return Wish(column, Side.BUY if quantity > 0.0 else Side.SELL, size, math.nan)
        self._context.refuse(column, _side(quantity), abs(quantity), Reject.BELOW_LOT)
        return None

    def _size(self, column: int, quantity: float, book: Book) -> float:
        size, held = abs(quantity), float(book.quantities[column])
        if size == abs(held) and quantity * held < 0.0:
            return size  # what closes all may be an odd lot
        lot = book.lot(column)
        return round(math.floor(size / lot + 1e-9) * lot, 9)

    def _at_prices(self, wish: Wish, order: Priced, session: date) -> Wish:
        buys = wish.side is Side.BUY
        at_most = None if order.limit is None else self._on_tick(order.limit, wish.column, session, up=not buys)
        begins = None if order.stop is None else self._on_tick(order.stop, wish.column, session, up=buys)
        return replace(wish, limit=at_most, stop=begins)

    def _on_tick(self, price: float, column: int, session: date, *, up: bool) -> Decimal:
        instrument, exact = self._ground.instruments[column], decimal_price(price)
        if not self._ground.basis.is_raw:
            return exact
        found = self._ground.venue.round_to_tick(exact, session, instrument.board, instrument.kind, up=up)
        self.moved += found != exact
        return found


def _in_turn(context: EventContext) -> list[tuple[int, float]]:
    # sales first: what they bring may be spent
    return sorted(context.wanted.items(), key=lambda entry: entry[1] > 0.0)


def _side(quantity: float) -> int:
    return 1 if quantity > 0.0 else -1
