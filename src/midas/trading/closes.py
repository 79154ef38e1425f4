"""An account's worth at each close of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import overload

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_KIND = np.dtype([("row", "i8"), ("session", "M8[D]"), ("cash", "i8"), ("equity", "i8"), ("own_equity", "i8")])


@dataclass(frozen=True, slots=True)
class Closed:
    """An account after a row, by the paper account and by the run's own book; minor units."""

    row: int
    session: date
    cash: int
    equity: int
    own_equity: int


class Closes(Sequence[Closed]):
    """What was known at each close, in the order it came; kept in columns, as a year of minutes has many."""

    def __init__(self) -> None:
        self._kept = np.empty(1024, _KIND)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Closed: ...
    @overload
    def __getitem__(self, place: slice) -> list[Closed]: ...
    def __getitem__(self, place: int | slice) -> Closed | list[Closed]:
        found = self._kept[: self._count][place].tolist()
        return [Closed(*one) for one in found] if isinstance(place, slice) else Closed(*found)

    def __iter__(self) -> Iterator[Closed]:
        return (Closed(*one) for one in self._kept[: self._count].tolist())

    @property
    def cash(self) -> Integers:
        """Cash at each close."""
        found: Integers = self._kept["cash"][: self._count].copy()
        return found

    @property
    def equity(self) -> Integers:
        """Equity at each close, by the paper account."""
        found: Integers = self._kept["equity"][: self._count].copy()
        return found

    def append(self, closed: Closed) -> None:
        """Add one close."""
        self._room(1)[0] = closed.row, closed.session, closed.cash, closed.equity, closed.own_equity

    def extend(
        self, first_row: int, sessions: NDArray[np.datetime64], cash: Integers, equity: Integers, own_equity: Integers
    ) -> None:
        """Add the closes of rows from `first_row` on."""
        room = self._room(len(sessions))
        room["row"] = np.arange(first_row, first_row + len(sessions))
        room["session"], room["cash"], room["equity"], room["own_equity"] = sessions, cash, equity, own_equity

    def _room(self, rows: int) -> NDArray[np.void]:
        begin, self._count = self._count, self._count + rows
        if self._count > len(self._kept):
            self._kept = np.concatenate((self._kept[:begin], np.empty(self._count, _KIND)))
        return self._kept[begin : self._count]
