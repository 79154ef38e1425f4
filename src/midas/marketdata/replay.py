"""The past as a feed: what a dataset holds, told row by row as if it happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked, InvalidInput
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.block import BarBlock
from midas.marketdata.closing import Closing, closing_of
from midas.marketdata.delisting import DELISTING, delistings
from midas.marketdata.feed import BarRow, CorporateAction, FeedEvent, SessionEdge
from midas.marketdata.panel import Panel
from midas.venues.calendar import Calendar
from midas.venues.catalogue import venue

Sleep = Callable[[float], Awaitable[None]]

Days = NDArray[np.datetime64]

RAW = ("open", "high", "low", "close", "volume", "turnover")

BLOCK, CELLS = 4096, 1 << 18
"""Rows of a block, and its numbers of one field, at most."""


class Replay:
    """Rows [0, stop) of a panel as a `Feed`: a row's corporate actions, its session's edges, its bars.

    Rows before `paced_from` are told at once, whatever the speed: they are history a strategy is warmed up with.
    """

    def __init__(
        self,
        panel: Panel,
        stop: int | None = None,
        *,
        paced_from: int = 0,
        speed: float | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._panel, self._speed, self._sleep, self._paced_from = panel, speed, sleep, paced_from
        self._stop = panel.rows if stop is None else min(stop, panel.rows)
        self._instruments = tuple(instrument.id for instrument in panel.instruments)

    @property
    def instruments(self) -> Sequence[InstrumentId]:
        return self._instruments

    @property
    def timeframe(self) -> Timeframe:
        return self._panel.timeframe

    @cached_property
    def _fields(self) -> dict[str, NDArray[np.float64]]:
        stored = {name: name if name == "turnover" else f"raw_{name}" for name in RAW}
        return {name: self._panel.fields[key] for name, key in stored.items() if key in self._panel.fields}

    @cached_property
    def happens(self) -> Mapping[int, Sequence[CorporateAction]]:
        """The corporate actions that are told before a row, by row."""
        # A row's actions ascend by instrument and kind, delistings last, as those of a panel do.
        actions, found = self._panel.actions, [(int(row), int(column), DELISTING, 0.0) for row, column in self._gone]
        parts = (actions.row, actions.instrument, actions.kind, actions.value)
        found += zip(*(part.tolist() for part in parts), strict=True)
        happens: dict[int, list[CorporateAction]] = {}
        for row, column, kind, value in sorted(found, key=lambda entry: entry[:3]):
            if row < self._panel.rows:
                event = CorporateAction(self._instruments[column], self._session(row), kind, value)
                happens.setdefault(row, []).append(event)
        return happens

    @property
    def _gone(self) -> NDArray[np.int64]:
        return delistings(self._panel)

    def told(self, after_row: int = -1) -> Iterator[FeedEvent]:
        """Yield what happens behind row `after_row`, without waiting; the close of its session is told again."""
        for event in self.blocks(after_row):
            if isinstance(event, BarBlock):
                for at in range(len(event)):
                    yield from event.events(at)
            else:
                yield event

    def blocks(self, after_row: int = -1, most: int = BLOCK) -> Iterator[CorporateAction | SessionEdge | BarBlock]:
        """Yield the same in blocks of at most so many rows; what `told` tells of a row is in its block's `events`."""
        stamps = SessionHours(venue(self._panel.venue, self._panel.currency).calendar)
        rows = max(1, min(most, CELLS // self._panel.columns))
        acted = sorted(row for row in self.happens if after_row < row < self._stop)
        row = after_row + 1
        if 0 < row <= self._stop and (closing := self._block(after_row, row, stamps).closing(0)):
            yield closing
        for stop in [*acted, self._stop]:
            while row < stop:
                yield self._block(row, min(row + rows, stop), stamps)
                row = min(row + rows, stop)
            yield from self.happens.get(row, ()) if row < self._stop else ()

    async def events(self, after_row: int = -1) -> AsyncIterator[FeedEvent]:
        """Yield what happens behind row `after_row`, at the speed asked for."""
        before: datetime | None = None
        for event in self.told(after_row):
            if isinstance(event, BarRow):
                if before is not None and self._speed is not None and event.row >= self._paced_from:
                    await self._sleep(max(0.0, (event.stamp_utc - before).total_seconds() / self._speed))
                before = event.stamp_utc
            yield event

    def _block(self, first: int, stop: int, stamps: SessionHours) -> BarBlock:
        part, columns = slice(first, stop), self._panel.columns
        sessions = self._panel.sessions[part].astype("datetime64[D]")
        days: list[date] = np.unique(sessions).tolist()
        hours = {day: stamps.of(day) for day in days}
        closing = self._closing
        fields = {name: _rows_of(tiles[:, part], columns) for name, tiles in self._fields.items()}
        return BarBlock(
            first, fields, sessions, self._stamps_utc(part, sessions, hours), closing.closes[part],
            closing.late[part], self._begins[part], closing.ends[part], hours,
        )  # fmt: skip

    def _stamps_utc(self, part: slice, sessions: Days, hours: Mapping[date, tuple[datetime, datetime]]) -> Days:
        if self._panel.stamps is not None:
            return self._panel.stamps[part].astype("datetime64[us]")
        closed = [hours[day][1].replace(tzinfo=None) for day in sessions.tolist()]
        return np.array(closed, "datetime64[us]")

    @cached_property
    def _begins(self) -> NDArray[np.bool_]:
        sessions = self._panel.sessions.astype("datetime64[D]")
        return np.append(True, sessions[1:] != sessions[:-1])

    @cached_property
    def _closing(self) -> Closing:
        return closing_of(self._panel, venue(self._panel.venue, self._panel.currency).calendar)

    def _session(self, row: int) -> date:
        day: date = self._panel.sessions[row].item()
        return day


def _rows_of(tiles: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    # (tile, row, lane) as rows of instruments, one behind the other in memory
    rows = tiles.shape[1]
    return np.ascontiguousarray(tiles.transpose(1, 0, 2).reshape(rows, -1)[:, :columns])


class SessionHours:
    """When a session opens and closes; where the calendar does not know, the whole of its day in venue time."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._known: tuple[date, tuple[datetime, datetime]] | None = None

    def of(self, session: date) -> tuple[datetime, datetime]:
        """Return both, in UTC."""
        if self._known is None or self._known[0] != session:
            self._known = session, self._look_up(session)
        return self._known[1]

    def _look_up(self, session: date) -> tuple[datetime, datetime]:
        try:
            return self._calendar.hours_utc(session)
        except (DataBlocked, InvalidInput):
            begun = datetime.combine(session, time(), ZoneInfo(self._calendar.timezone)).astimezone(UTC)
            return begun, begun + timedelta(days=1)
