"""An account that meets one bar after the other, as `simulation` does all at once, to the bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.execution.account_snapshot import Snapshot
from midas.execution.conditions import Conditions
from midas.execution.guards import Guards, guards
from midas.execution.simulation import journal_of, outgrown, world_of
from midas.kernels.account import (
    CASH,
    DUE,
    ENTERED,
    ENTRIES,
    LEAVING,
    ORDERED,
    ORDERS,
    QUANTITY,
    SENT,
    WANTED,
    WEIGHT,
)
from midas.kernels.frame import (
    BY_CHANGE,
    CALLED,
    ENDED,
    FULL,
    MET,
    NEXT,
    OVERFLOW,
    PAUSED,
    PAUSES,
    RESTED,
    RUINED,
    Frame,
    account_of,
    frame_of,
    rest,
    with_room,
)
from midas.kernels.matching import proceed
from midas.portfolio.journal import Journal, Refusals


@dataclass(frozen=True, slots=True)
class Orders:
    """What a decision sends, in its sequence: columns, signed quantities, and the weights behind them.

    `dropped` are columns of which nothing stays on order from before, exits that waited for an open included; withdraw
    them first. `refusals` are wishes that never became orders.
    """

    column: NDArray[np.int64]
    quantity: NDArray[np.float64]
    weight: NDArray[np.float64]
    dropped: NDArray[np.int64]
    refusals: Refusals

    def __len__(self) -> int:
        return len(self.column)


Mark = tuple[Frame, NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]
"""Where an account is: its frame, state, lists and counts."""


class SteppedAccount:
    """An account over `conditions` that has met no row yet; rows are met from `first` on, each once, in their order.

    `capital` is in minor units. `by_change` and `exits` are those of `simulation.simulate`. What is given to it, and
    what `conditions` point at, may grow new bars in place: only rows that have been met are read.
    """

    def __init__(
        self, conditions: Conditions, *, first: int, capital: int, by_change: bool, exits: Guards | None = None
    ) -> None:
        columns, self._rows = len(conditions.class_of), conditions.closes.shape[1]
        self._weights = np.full((1, columns), np.nan)
        self._world = world_of(conditions, exits or guards((), {}), np.empty(0, np.int64), self._weights)
        self._account = account_of(columns, self._rows - first, capital, 2 * columns + 64)
        self._frame = frame_of(self._world, self._account, first, by_change)
        self._frame[PAUSES] = 1
        # single numbers are read through these: an array takes several times as long to give one away
        self._words, self._counts = self._frame.data, self._account.counts.data
        self._first = first
        self._nothing = journal_of(self._account.journal[:0], self._account.amounts[:0])

    @property
    def next(self) -> int:
        """The row to be met next."""
        return self._words[NEXT]

    @property
    def cash(self) -> int:
        """Cash in minor units."""
        return self._counts[CASH]

    @property
    def equity(self) -> int:
        """Equity in minor units at the close of the last row met; 0 before the first."""
        return int(self._account.equity[self._last]) if self.next > self._first else 0

    @property
    def quantities(self) -> NDArray[np.float64]:
        """What is held now, by column, shorts below 0."""
        return np.array(self._account.state[QUANTITY])

    @property
    def ruined(self) -> bool:
        """Whether a margin account lost everything; nothing happens to it any more."""
        return self._words[ENDED] == RUINED

    @property
    def called(self) -> bool:
        """Whether the last close was below the maintenance margin: no order is given on it."""
        return self._words[CALLED] > 0

    @property
    def on_order(self) -> dict[int, float]:
        """Signed quantities that meet the next bar, by column, in their sequence."""
        columns = self._account.lists[ORDERS, : self._counts[ORDERED]]
        return {int(column): float(self._account.state[WANTED, column]) for column in columns}

    def meet(self, row: int, resting: NDArray[np.float64] | None = None) -> Journal:
        """Let the account meet the bars of `row`, and return what happened, decisions before it left out.

        resting : orders that wait for their price, see `kernels.resting`; what became of them is written there.

        Raises
        ------
        ValueError: it is not the next row, or there is no such row.
        InvalidInput: the account outgrew what can be counted exactly.
        """
        if row != self._words[NEXT]:
            raise ValueError(f"row {row} cannot be met: the next one is {self.next}")
        if resting is None:
            return self.meet_until(row + 1)
        rest(self._frame, resting)
        try:
            return self.meet_until(row + 1)
        finally:
            self._frame[RESTED] = 0

    def meet_until(self, stop: int) -> Journal:
        """Meet rows up to before `stop`, but none after one on which something happened, and return what did.

        Raises
        ------
        ValueError: there is no such row.
        InvalidInput: the account outgrew what can be counted exactly.
        """
        if stop > self._rows:
            raise ValueError(f"there are {self._rows} rows, none up to {stop}")
        status = proceed(self._frame, stop, -1)
        if status > PAUSED:
            self._go_on(status, stop)
        return self._drained()

    def decide(self, row: int, weights: NDArray[np.float64]) -> Orders:
        """Turn target weights, one a column, into orders at the close of the last row met, and place them.

        Raises
        ------
        ValueError: it is not the last row met.
        """
        if row != self.next - 1 or row < self._first:
            raise ValueError(f"nothing can be decided at row {row}: the next one is {self.next}")
        state, before = self._account.state, self.on_order
        leaving = state[LEAVING].copy()
        self._weights[0] = weights
        proceed(self._frame, self.next, 0)
        columns = self._account.lists[ORDERS, : self._counts[ORDERED]]
        columns = columns[state[SENT, columns] == 0.0]
        dropped = {column for column in before if state[SENT, column] == 0.0}
        dropped |= set(np.flatnonzero((leaving > 0.0) & (state[LEAVING] == 0.0)).tolist())
        quantities, behind = state[WANTED, columns], state[WEIGHT, columns]
        return Orders(columns, quantities, behind, np.array(sorted(dropped), np.int64), self._drained().refusals)

    def place(self, column: int, quantity: float, weight: float = np.nan) -> None:
        """Put a signed quantity on order, behind the others, for the next bar.

        Raises
        ------
        ValueError: the name has an order already, or the quantity is nothing.
        """
        state, ordered = self._account.state, self._counts[ORDERED]
        if state[WANTED, column] != 0.0 or not abs(quantity) > 0.0:
            raise ValueError(f"column {column} cannot order {quantity:g} on top of {state[WANTED, column]:g}")
        state[WANTED, column], state[WEIGHT, column] = quantity, weight
        self._account.lists[ORDERS, ordered] = column
        self._counts[ORDERED] = ordered + 1

    def drop(self, column: int) -> None:
        """Withdraw what a name has on order, and an exit of it that waits for an open."""
        self.withdraw(column)
        self._account.state[[DUE, LEAVING], column] = 0.0

    def withdraw(self, column: int) -> None:
        """Withdraw what a name has on order; exits go on."""
        orders, ordered = self._account.lists[ORDERS], self._counts[ORDERED]
        kept = [other for other in orders[:ordered] if other != column]
        orders[: len(kept)] = kept
        self._counts[ORDERED] = len(kept)
        self._account.state[[WANTED, SENT], column] = 0.0

    def release(self, column: int) -> None:
        """Call off an exit of a name that waits for an open."""
        self._account.state[LEAVING, column] = 0.0

    def stay(self, column: int) -> None:
        """Keep the exits of a name off it on the next row, as on the row it was entered; a called one still leaves."""
        if self._account.state[LEAVING, column] == 0.0:
            self._account.state[ENTERED, column] = self.next

    def snapshot(self) -> Snapshot:
        """Return a copy of all there is to know to go on from here."""
        words, own = self._words, self._account
        marks = (own.equity, own.cash, own.gross)
        return Snapshot(
            self._first,
            self.next,
            words[BY_CHANGE] > 0,
            words[CALLED],
            words[ENDED],
            tuple(int(kept[self._last]) for kept in marks) if self.next > self._first else (0, 0, 0),  # type: ignore[arg-type]
            own.state.copy(),
            own.lists.copy(),
            own.counts.copy(),
        )

    @classmethod
    def resumed(cls, conditions: Conditions, snapshot: Snapshot, exits: Guards | None = None) -> SteppedAccount:
        """Return the account of a snapshot, over conditions with the same rows so far and perhaps more to come."""
        account = cls(conditions, first=snapshot.first, capital=0, by_change=snapshot.by_change, exits=exits)
        own, frame = account._account, account._frame
        own.state[:], own.lists[:], own.counts[:] = snapshot.state, snapshot.lists, snapshot.counts
        frame[[NEXT, CALLED, ENDED]] = snapshot.next, snapshot.called, snapshot.ended
        if snapshot.next > snapshot.first:
            for kept, mark in zip((own.equity, own.cash, own.gross), snapshot.marks, strict=True):
                kept[account._last] = mark
            frame[MET] = np.searchsorted(conditions.happenings[:, 0], snapshot.next - 1, side="right")
        return account

    @property
    def _last(self) -> int:
        return self._words[NEXT] - 1 - self._first

    def _go_on(self, status: int, stop: int) -> None:
        while status == FULL:
            self._account = with_room(self._frame, self._account)
            status = proceed(self._frame, stop, -1)
        if status == OVERFLOW:
            raise outgrown()
        if status == RUINED and not self._counts[ENTRIES]:
            self._frame[NEXT] = stop

    def _drained(self) -> Journal:
        used = self._counts[ENTRIES]
        if used == 0:
            return self._nothing
        journal = journal_of(self._account.journal[:used].copy(), self._account.amounts[:used].copy())
        self._counts[ENTRIES] = 0
        return journal


def frame_in(account: SteppedAccount) -> Frame:
    """Return what compiled code goes on by."""
    return account._frame


def mark_of(account: SteppedAccount) -> Mark:
    """Return where an account is, for `put_back`."""
    own = account._account
    return account._frame.copy(), own.state.copy(), own.lists.copy(), own.counts.copy()


def put_back(account: SteppedAccount, mark: Mark) -> None:
    """Forget what was done since a mark; nothing but rows was met, and nothing told of what happened on them."""
    own = account._account
    account._frame[:], own.state[:], own.lists[:], own.counts[:] = mark


def last_closes(account: SteppedAccount, rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return cash and equity in minor units at the closes of the last rows an account met."""
    own, stop = account._account, account._last + 1
    return own.cash[stop - rows : stop].copy(), own.equity[stop - rows : stop].copy()
