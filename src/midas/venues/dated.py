"""Facts that change with the date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from midas.venues.calendar import Days

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """`values[0]` holds before `starts[0]`, `values[k]` from `starts[k - 1]` on."""

    starts: tuple[date, ...]
    values: tuple[T, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.starts) + 1 or list(self.starts) != sorted(set(self.starts)):
            raise ValueError(f"starts must ascend, with one value more: {self.starts}")

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[date, T]], before: T) -> Dated[T]:
        """Join rows that each hold from their date on; a row dated `date.min` replaces `before`."""
        starts, values = [], [before]
        for start, value in rows:
            if start == date.min:
                values[0] = value
            else:
                starts.append(start)
                values.append(value)
        return cls(tuple(starts), tuple(values))

    def at(self, day: date) -> T:
        return self.values[bisect_right(self.starts, day)]

    def along(self, days: Days) -> NDArray[np.int64]:
        """Return for each day which of `values` holds."""
        starts = np.array(self.starts, "datetime64[D]")
        return np.searchsorted(starts, days.astype("datetime64[D]"), side="right").astype(np.int64)

    def joined(self, other: Dated[U], join: Callable[[T, U], V]) -> Dated[V]:
        """Return what `join` makes of both, changing when either does."""
        starts = tuple(sorted({*self.starts, *other.starts}))
        later = (join(self.at(start), other.at(start)) for start in starts)
        return Dated(starts, (join(self.values[0], other.values[0]), *later))

    def moved(self, to: Callable[[date], date]) -> Dated[T]:
        """Return the same values with every start replaced."""
        return Dated(tuple(to(start) for start in self.starts), self.values)
