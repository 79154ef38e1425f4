"""Rows of a feed that are known together: the past is told in blocks, so that what is quiet is passed at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from midas.marketdata.feed import BarRow, FeedEvent, SessionEdge


class RowView:
    """What `BarBlock.row` tells of a row, mostly read when it is asked for; nothing of it can be written to."""

    __slots__ = ("_at", "_block", "close", "row")

    def __init__(self, block: BarBlock, at: int, close: NDArray[np.float64]) -> None:
        self._block, self._at, self.row, self.close = block, at, block.first + at, close

    @property
    def stamp_utc(self) -> datetime:
        return self._block.stamp_utc(self._at)

    @property
    def session(self) -> date:
        return self._block.session(self._at)

    @property
    def fields(self) -> Mapping[str, NDArray[np.float64]]:
        return {name: self._block.shown(name)[self._at] for name in self._block.fields}


def shown(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a view of values that cannot be written to."""
    view = values.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True)
class BarBlock:
    """Rows `first` on, one after the other, with no corporate action behind the first; do not change what it holds.

    fields : (row, instrument) each, see `BarRow`. sessions, stamps_utc, closes, late : by row. begins, ends : whether a
    session opens before a row, closes behind it (see `Closing`). hours : when its sessions open and close.
    """

    first: int
    fields: Mapping[str, NDArray[np.float64]]
    sessions: NDArray[np.datetime64]
    stamps_utc: NDArray[np.datetime64]
    closes: NDArray[np.bool_]
    late: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    hours: Mapping[date, tuple[datetime, datetime]]
    _last: dict[int, BarRow] = field(default_factory=dict, repr=False, compare=False)
    _shown: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.sessions)

    def shown(self, name: str) -> NDArray[np.float64]:
        """Return a field that cannot be written to."""
        found = self._shown.get(name)
        if found is None:
            found = self._shown[name] = shown(self.fields[name])
        return found

    def session(self, at: int) -> date:
        """Return the session of a row, counted from the block's first."""
        day: date = self.sessions[at].item()
        return day

    def stamp_utc(self, at: int) -> datetime:
        """Return when a row's bars closed."""
        stamp: datetime = self.stamps_utc[at].item()
        return stamp.replace(tzinfo=UTC)

    def session_stop(self, at: int) -> int:
        """Return where the next session begins behind a row, at the latest the end of the block."""
        return int(np.searchsorted(self.sessions, self.sessions[at], "right"))

    def row(self, at: int) -> BarRow:
        """Return one row; the last one asked for is kept, as it is often asked for again."""
        if at in self._last:
            return self._last[at]
        fields = {name: values[at] for name, values in self.fields.items()}
        closes, late = bool(self.closes[at]), bool(self.late[at])
        row = BarRow(self.first + at, self.stamp_utc(at), self.session(at), fields, closes=closes, late=late)
        self._last.clear()
        self._last[at] = row
        return row

    def opening(self, at: int) -> SessionEdge | None:
        """Return the edge that is told before a row."""
        if not self.begins[at]:
            return None
        session = self.session(at)
        return SessionEdge(session, True, self.hours[session][0])

    def closing(self, at: int) -> SessionEdge | None:
        """Return the edge that is told behind a row."""
        if not self.ends[at]:
            return None
        session = self.session(at)
        return SessionEdge(session, False, max(self.hours[session][1], self.stamp_utc(at)))

    def opened_utc(self, at: int) -> datetime:
        """Return when the bars of a row behind the first opened: when the last thing before it was told."""
        edge = self.opening(at) or self.closing(at - 1)
        return edge.stamp_utc if edge else self.stamp_utc(at - 1)

    def events(self, at: int) -> Iterator[FeedEvent]:
        """Yield what a feed tells of a row: its bars, and the edges of its session where it has them."""
        opening, closing = self.opening(at), self.closing(at)
        if opening is not None:
            yield opening
        yield self.row(at)
        if closing is not None:
            yield closing
