"""A run's own account, built from its fills: what it holds, what that is worth, and what it wants next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from midas.core.order import Side
from midas.execution.book_window import BookWindow
from midas.execution.rebalance import Wish, wishes
from midas.execution.row_rules import RowRules
from midas.execution.simulation import outgrown
from midas.kernels.account import (
    BEST,
    CASH,
    DUE,
    ENTERED,
    ENTRIES,
    ENTRY,
    GROSS,
    LEAVING,
    MARK,
    ORDERED,
    QUANTITY,
    RANGE,
    TARGET,
    TRADED_ROW,
    WANTED,
)
from midas.kernels.exiting import any_rule
from midas.kernels.fill import FRACTION, SCALE, SHORTS
from midas.kernels.following import close, take
from midas.kernels.frame import BY_CHANGE, CALLED, ENDED, NEXT, OVERFLOW, RUINED, Frame, account_of, frame_of
from midas.kernels.matching import proceed
from midas.kernels.price_rules import half_up
from midas.kernels.world import LOT, PER_CLASS, PER_DAY, World
from midas.marketdata.actions import ActionKind
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow
from midas.marketdata.tiles import last_known

Values = NDArray[np.float64]

_LEVELS = (ENTRY, BEST, RANGE, RANGE + 1, RANGE + 2)


class Book:
    """An account whose orders somebody else matches, with the arithmetic of the backtest's own.

    It is told fills, payments and corporate actions as they happen, and each bar at its close. `rules` are the exits it
    follows (see `guards`), `by_change` is that of the backtest.
    """

    def __init__(self, rules_of: RowRules, capital: int, *, by_change: bool, rules: Values) -> None:
        columns = len(rules_of.class_of)
        watched = cast("Any", any_rule).py_func  # compiling it for one look takes seconds
        self._guarded = bool(watched(rules)) or rules_of.terms[SHORTS] > 0.0
        self._rules_of, self._window = rules_of, BookWindow(rules_of, guarded=self._guarded)
        self._weights = np.full((1, columns), np.nan)
        self._ranges = np.full((3, 1, columns), np.nan)
        opens, highs, lows, closes, volumes = self._window.bars
        self._world = World(
            opens, highs, lows, closes, volumes, np.empty((0, 4)), rules_of.class_of, self._window.dated,
            rules_of.ladders, rules, self._ranges, rules_of.terms, np.empty(0, np.int64), self._weights,
        )  # fmt: skip
        self._own = account_of(columns, 1 + self._window.span, capital, 8 * columns + 64)
        self._frame = frame_of(self._world, self._own, 0, by_change)
        self._frame[NEXT] = 2
        self._state, self._counts = self._own.state, self._own.counts

    @property
    def cash(self) -> int:
        """Cash in minor units."""
        return int(self._counts[CASH])

    @property
    def equity(self) -> int:
        """Equity in minor units at the last close."""
        return int(self._own.equity[1])

    @property
    def gross(self) -> int:
        """Value of all that is held, both ways, at the last close, in minor units."""
        if self._counts[GROSS]:
            return int(self._counts[GROSS])
        return self.equity - int(self._own.cash[1])

    @property
    def quantities(self) -> Values:
        """What is held, by column; do not write."""
        held: Values = self._state[QUANTITY]
        return held

    @property
    def leaving(self) -> Values:
        """Causes of exits that are still to be done, by column; do not write."""
        causes: Values = self._state[LEAVING]
        return causes

    @property
    def closes(self) -> Values:
        """Last known closes in today's shares, NaN where there never was one."""
        return self._window.closes

    @property
    def targets(self) -> Values | None:
        """The last weight heard, by column, not to be written; None where an order that found no market is due."""
        return None if self._state[DUE].any() else self._state[TARGET]

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is ordered: a margin account below the maintenance margin, or one that lost everything."""
        return bool(self._frame[CALLED] > 0 or self._frame[ENDED] == RUINED)

    def filled(self, column: int, side: Side, quantity: float, price: float, spent: int, *, exited: bool) -> None:
        """Book a fill; `spent` is what it took out of the cash, below 0 what it brought."""
        take(self._frame, column, quantity if side is Side.BUY else -quantity, price, spent, exited)

    def act(self, column: int, kind: int, value: float) -> None:
        """Hear of a corporate action before the bar it meets; what it pays or adds is told by `moved`."""
        state = self._state
        if kind in (ActionKind.SPLIT, ActionKind.RIGHTS):
            state[MARK, column] /= value
            self._window.adjust(column, value)
            share = 1.0 / value
        elif kind == ActionKind.CASH_DIVIDEND and state[QUANTITY, column] != 0.0:
            share = 1.0 - value / state[MARK, column]
        else:
            return
        if share > 0.0:
            state[_LEVELS, column] *= share

    def moved(self, column: int | None, amount: int, quantity: float | None) -> None:
        """Book a payment, and what is held afterwards where that changed."""
        self._counts[CASH] += amount
        if column is None or quantity is None:
            return
        self._state[QUANTITY, column] = quantity
        if quantity == 0.0:
            self._state[LEAVING, column] = 0.0

    def due(self, column: int, side: Side) -> None:
        """Note that an order, or a part of one, found no market: it is tried again where targets change names."""
        if self._frame[BY_CHANGE]:
            self._state[DUE, column] = 1.0 if side is Side.BUY else -1.0

    def close(self, row: BarRow, *, late: bool = False) -> None:
        """Hear of a bar's close. `late` is for exits nobody else watches: whatever was reached is still to be done.

        Raises
        ------
        InvalidInput: the account outgrew what can be counted exactly.
        """
        self._window.take(row)
        close(self._frame, 2, late)
        self._closed()

    def pass_over(self, block: BarBlock, at: int, stop: int) -> NDArray[np.int64]:
        """Hear of the closes of rows on which nothing is decided and time goes on; return the equity at each.

        Raises
        ------
        InvalidInput: the account outgrew what can be counted exactly.
        """
        own, found = self._own, [np.empty(0, np.int64)]
        while at < stop:
            rows = self._window.take_rows(block, at, stop)
            close(self._frame, rows + 1, False)
            self._closed()
            found.append(own.equity[1 : rows + 1].copy())
            for kept in (own.equity, own.cash, own.gross):
                kept[1] = kept[rows]
            self._window.roll_rows(block, at, rows)
            if self._guarded:
                self._state[[ENTERED, TRADED_ROW]] -= float(rows)
            at += rows
        return np.concatenate(found)

    def _closed(self) -> None:
        self._counts[ENTRIES] = 0
        if self._frame[ENDED] == OVERFLOW:
            raise outgrown()

    def decide(self, weights: Values) -> Sequence[Wish]:
        """Return what the account wants to trade for target weights heard at the close of the bar."""
        targets = self.targets
        if self._frame[BY_CHANGE] and targets is not None and not (np.isfinite(weights) & (weights != targets)).any():
            return ()  # what the compiled step would find out at several times the price
        self._weights[0] = weights
        proceed(self._frame, 2, 0)
        found = wishes(self._own)
        for wish in found:
            self._state[WANTED, wish.column] = 0.0
        self._counts[ORDERED] = self._counts[ENTRIES] = 0
        return found

    def lot(self, column: int) -> float:
        """Return the smallest quantity of a name that may be ordered."""
        terms, kind = self._world.terms, int(self._rules_of.class_of[column])
        return float(terms[FRACTION] or self._window.dated[1, PER_DAY + PER_CLASS * kind + LOT])

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to know to go on, as plain values and arrays; taken between two bars."""
        own = self._own
        return {
            "state": self._state.copy(), "lists": own.lists.copy(), "counts": own.counts.copy(),
            "equity": own.equity[:2].copy(), "ranges": self._ranges.copy(), "words": self._frame[[CALLED, ENDED]],
            "window": self._window.snapshot(),
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go back to a snapshot of a book of the same ground and terms."""
        own = self._own
        own.lists[:], own.counts[:], self._state[:] = tree["lists"], tree["counts"], tree["state"]
        own.equity[:2], self._ranges[:] = tree["equity"], tree["ranges"]
        self._frame[[CALLED, ENDED]] = tree["words"]
        self._window.restore(tree["window"])

    def roll(self, ranges: Mapping[int, Values]) -> None:
        """Let time go on: the bar is the one before the next. `ranges` are by kind, known at its close."""
        self._window.roll()
        if self._guarded:
            self._state[[ENTERED, TRADED_ROW]] -= 1.0
            for kind, values in ranges.items():
                self._ranges[kind, 0] = values


def frame_in(book: Book) -> Frame | None:
    """Return what compiled code goes on by; None where exits or shorts are followed, which takes more than closes."""
    return None if book._guarded else book._frame


def enter(book: Book, session: date) -> None:
    """Let the rules of a session hold for the bars that follow."""
    book._window.enter(session)


def worth(book: Book, closes: Values) -> int:
    """Return the equity of a book after more closes, (row, instrument), where nobody is short."""
    state, last = book._state, last_known(closes)
    equity, scale = book.cash, float(book._world.terms[SCALE])
    rounded = cast("Any", half_up).py_func  # compiling it for a few numbers takes longer than they do
    for column in np.flatnonzero(state[QUANTITY]).tolist():
        price = state[MARK, column] if np.isnan(last[column]) else last[column]
        equity += rounded(float(abs(state[QUANTITY, column]) * price * scale))
    return equity
