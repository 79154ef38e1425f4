"""A run's own account, built from its fills: what it holds, what that is worth, and what it wants next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.core.order import Side
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
from midas.kernels.fill import FRACTION, SHORTS
from midas.kernels.following import close, take
from midas.kernels.frame import BY_CHANGE, CALLED, ENDED, NEXT, OVERFLOW, RUINED, account_of, frame_of
from midas.kernels.lanes import LANES
from midas.kernels.matching import proceed
from midas.kernels.world import LOT, PER_CLASS, PER_DAY, World
from midas.marketdata.actions import ActionKind
from midas.marketdata.feed import BarRow

Values = NDArray[np.float64]

_BARS = ("open", "high", "low", "close", "volume")
_CLOSE = _BARS.index("close")
_LEVELS = (ENTRY, BEST, RANGE, RANGE + 1, RANGE + 2)


class Book:
    """An account whose orders somebody else matches, with the arithmetic of the backtest's own.

    It is told fills, payments and corporate actions as they happen, and each bar at its close. `rules` are the exits it
    follows (see `guards`), `by_change` is that of the backtest.
    """

    def __init__(self, rules_of: RowRules, capital: int, *, by_change: bool, rules: Values) -> None:
        columns = len(rules_of.class_of)
        tiles = max(1, -(-columns // LANES))
        self._rules_of, self._columns = rules_of, columns
        self._bars = np.full((len(_BARS), tiles, 2, LANES), np.nan)
        self._dated = np.full((2, rules_of.width), np.nan)
        self._weights = np.full((1, columns), np.nan)
        self._ranges = np.full((3, 1, columns), np.nan)
        opens, highs, lows, closes, volumes = self._bars
        self._world = World(
            opens, highs, lows, closes, volumes, np.empty((0, 4)), rules_of.class_of, self._dated, rules_of.ladders,
            rules, self._ranges, rules_of.terms, np.empty(0, np.int64), self._weights,
        )  # fmt: skip
        self._own = account_of(columns, 2, capital, 8 * columns + 64)
        self._frame = frame_of(self._world, self._own, 0, by_change)
        self._frame[NEXT] = 2
        self._state, self._counts = self._own.state, self._own.counts
        self._guarded = bool(any_rule(rules)) or rules_of.terms[SHORTS] > 0.0
        self._row = np.full((tiles, LANES), np.nan)
        self._session: date | None = None

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
        return self._bars[_CLOSE, :, 0].reshape(-1)[: self._columns]

    @property
    def called(self) -> bool:
        """Whether the last close was below the maintenance margin: no order is given on it."""
        return bool(self._frame[CALLED] > 0)

    @property
    def ended(self) -> bool:
        """Whether a margin account lost everything; nothing is ordered any more."""
        return bool(self._frame[ENDED] == RUINED)

    def filled(self, column: int, side: Side, quantity: float, price: float, spent: int, *, exited: bool) -> None:
        """Book a fill; `spent` is what it took out of the cash, below 0 what it brought."""
        take(self._frame, column, quantity if side is Side.BUY else -quantity, price, spent, exited)

    def act(self, column: int, kind: int, value: float) -> None:
        """Hear of a corporate action before the bar it meets; what it pays or adds is told by `moved`."""
        state = self._state
        if kind in (ActionKind.SPLIT, ActionKind.RIGHTS):
            state[MARK, column] /= value
            self._bars[_CLOSE, column // LANES, 0, column % LANES] /= value
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
        for place in range(len(_BARS)) if self._guarded else (_CLOSE,):
            self._row.reshape(-1)[: self._columns] = row.fields.get(_BARS[place], row.fields["close"])
            self._bars[place, :, 1] = self._row
        if row.session != self._session:
            self._session = row.session
            self._dated[1] = self._rules_of.row(np.datetime64(row.session, "D"), 1.0, 0, 0)
        close(self._frame, late)
        self._counts[ENTRIES] = 0
        if self._frame[ENDED] == OVERFLOW:
            raise outgrown()

    def decide(self, weights: Values) -> Sequence[Wish]:
        """Return what the account wants to trade for target weights heard at the close of the bar."""
        if self._frame[BY_CHANGE] and self._wants_nothing(weights):
            return ()
        self._weights[0] = weights
        proceed(self._frame, 2, 0)
        found = wishes(self._own)
        for wish in found:
            self._state[WANTED, wish.column] = 0.0
        self._counts[ORDERED] = self._counts[ENTRIES] = 0
        return found

    def _wants_nothing(self, weights: Values) -> bool:
        # No name's target changed and none is due: what the compiled step would find out at several times the price.
        state = self._state
        return not (state[DUE].any() or (np.isfinite(weights) & (weights != state[TARGET])).any())

    def lot(self, column: int) -> float:
        """Return the smallest quantity of a name that may be ordered."""
        terms, kind = self._world.terms, int(self._rules_of.class_of[column])
        return float(terms[FRACTION] or self._dated[1, PER_DAY + PER_CLASS * kind + LOT])

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to know to go on, as plain values and arrays; taken between two bars."""
        own = self._own
        session = None if self._session is None else self._session.isoformat()
        return {
            "state": self._state.copy(), "lists": own.lists.copy(), "counts": own.counts.copy(),
            "equity": own.equity.copy(), "closes": self._bars[_CLOSE].copy(), "ranges": self._ranges.copy(),
            "words": self._frame[[CALLED, ENDED]], "dated": self._dated.copy(), "session": session,
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go back to a snapshot of a book of the same ground and terms."""
        own = self._own
        own.lists[:], own.counts[:], self._state[:] = tree["lists"], tree["counts"], tree["state"]
        own.equity[:], self._bars[_CLOSE], self._ranges[:] = tree["equity"], tree["closes"], tree["ranges"]
        self._frame[[CALLED, ENDED]], self._dated[:] = tree["words"], tree["dated"]
        self._session = None if tree["session"] is None else date.fromisoformat(tree["session"])

    def roll(self, ranges: Mapping[int, Values]) -> None:
        """Let time go on: the bar is the one before the next. `ranges` are by kind, known at its close."""
        closes = self._bars[_CLOSE]
        np.copyto(closes[:, 0], closes[:, 1], where=~np.isnan(closes[:, 1]))
        if self._guarded:
            self._state[[ENTERED, TRADED_ROW]] -= 1.0
            for kind, values in ranges.items():
                self._ranges[kind, 0] = values
