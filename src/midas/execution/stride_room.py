"""What the compiled lane writes of a stride, and how far it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.execution.book import Book
from midas.execution.book import frame_in as book_frame
from midas.execution.stepping import Mark, SteppedAccount, frame_in, mark_of, put_back
from midas.kernels.stride import stride

Integers = NDArray[np.int64]
Values = NDArray[np.float64]

ORDERS = 1024
"""Orders of a stride, at most."""

ROWS, SENT, FED, BEGUN, STOPPED = range(5)
NO_WEIGHTS, NO_COLUMNS, NO_SIZES = np.empty((0, 1)), np.empty(0, np.int64), np.empty(0)


class StrideRoom:
    """Arrays that strides are written to, one after the other; see `kernels.stride`."""

    def __init__(self) -> None:
        self.orders, self.wanted = np.empty((ORDERS, 2), np.int64), np.empty((ORDERS, 2))
        self.fills, self.amounts = np.empty((ORDERS, 6), np.int64), np.empty((ORDERS, 2))
        self.own, self.begins = np.empty(0, np.int64), np.empty((0, 2), np.int64)
        self._tally, self._flags = np.zeros(5, np.int64), np.empty(0, np.int64)
        # single numbers are read through this: an array takes several times as long to give one away
        self._words = self._tally.data

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return self._words[ROWS]

    @property
    def sent(self) -> int:
        """How many orders were sent."""
        return self._words[SENT]

    @property
    def fed(self) -> int:
        """How many fills there were."""
        return self._words[FED]

    @property
    def begun(self) -> int:
        """On how many rows something was decided."""
        return self._words[BEGUN]

    @property
    def stopped(self) -> int:
        """The row at which something happened that takes words; the number of rows where nothing did."""
        return self._words[STOPPED]

    @stopped.setter
    def stopped(self, row: int) -> None:
        self._words[STOPPED] = row

    def begin(self, rows: int) -> None:
        """Begin a stride of so many rows at most."""
        if rows > len(self.own):
            self.own, self.begins = np.empty(rows, np.int64), np.empty((rows, 2), np.int64)
            self._flags = np.zeros(rows, np.int64)
        self._tally[:] = 0

    def by_weights(self, start: Start, weights: Values, flags: Integers) -> bool:
        """Take rows by their weights; False where that stopped before the last."""
        return self._take(start, weights, flags, NO_COLUMNS, NO_SIZES)

    def by_orders(self, start: Start, rows: int, columns: Integers = NO_COLUMNS, sizes: Values = NO_SIZES) -> bool:
        """Take so many more rows, the last of which meets the orders given; False where that takes words."""
        return self._take(start, NO_WEIGHTS, self._flags[:rows], columns, sizes)

    def _take(self, start: Start, weights: Values, flags: Integers, columns: Integers, sizes: Values) -> bool:
        return stride(
            start.paper, start.book, weights, flags, columns, sizes, self.own, self.orders, self.wanted, self.fills,
            self.amounts, self.begins, self._tally,
        )  # fmt: skip


class Start:
    """Two accounts before a stride, which they can be put back to."""

    def __init__(self, account: SteppedAccount, book: Book) -> None:
        frame = book_frame(book)
        assert frame is not None
        self.paper, self.book = frame_in(account), frame
        self._of = account, book
        self._mark: tuple[Mark, Mapping[str, Any]] = mark_of(account), book.snapshot()

    def put_back(self) -> None:
        """Put both accounts back."""
        account, book = self._of
        put_back(account, self._mark[0])
        book.restore(self._mark[1])
