"""From ticks to bars, as they come: late, out of order, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from midas.core.clock import require_utc
from midas.core.errors import InvalidInput
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.feed import BarRow, Heartbeat, SessionEdge, Tick

Hours = Callable[[date], tuple[datetime, datetime]]
"""When the session of a day opens and closes, in UTC; see `Calendar.hours_utc`."""

FIELDS = ("open", "high", "low", "close", "volume", "turnover")


@dataclass(slots=True)
class Counts:
    """What was not as it should be: ticks too late for any bar, late ones that corrected one, and strays.

    disordered : ticks older than one of the same instrument that came before. outside : of no session. unfit : without
    a price or size that could be.
    """

    ticks: int = 0
    late: int = 0
    correcting: int = 0
    disordered: int = 0
    outside: int = 0
    unfit: int = 0


@dataclass(slots=True)
class _Bar:
    # One interval of all instruments, as far as it is known. Ties of stamps go by arrival.
    row: int
    session: date
    begins_utc: datetime
    ends_utc: datetime
    closes: bool
    values: NDArray[np.float64]
    first: list[datetime | None]
    last: list[datetime | None]
    gap: bool = False
    told: bool = False
    corrected: bool = False


@dataclass(slots=True)
class _Session:
    day: date
    opens_utc: datetime
    closes_utc: datetime
    bars: dict[datetime, _Bar] = field(default_factory=dict)


class Aggregator:
    """Bars of one timeframe, counted from the session's open; the last one ends with the session, however short.

    A bar covers [begin, end) and is told `wait_s` after its end, at the first event that comes then. Where `keep_s` is
    above 0 it may still be corrected that long: it is told as not final, and told again, once and final, if late ticks
    changed it. What comes later is counted and dropped. An interval in which nothing traded is no row, as it is none in
    a dataset; `gap` marks the bars during which the connection was lost, and the first one after. A tick at the very
    close of the session belongs to its last bar, as the closing auction prints there.
    """

    def __init__(
        self,
        instruments: Sequence[InstrumentId],
        timeframe: Timeframe,
        hours: Hours,
        *,
        next_row: int = 0,
        wait_s: float = 0.0,
        keep_s: float = 0.0,
    ) -> None:
        if wait_s < 0.0 or keep_s < 0.0:
            raise InvalidInput("Bars cannot wait for less than nothing.", hint="Use 0 or more seconds.")
        self.counts = Counts()
        self._column = {instrument: column for column, instrument in enumerate(instruments)}
        self._timeframe, self._hours = timeframe, hours
        self._length = timedelta(seconds=timeframe.seconds)
        self._wait, self._keep = timedelta(seconds=wait_s), timedelta(seconds=keep_s)
        self._next_row = next_row
        self._session: _Session | None = None
        self._newest: list[datetime | None] = [None] * len(instruments)
        self._told_until: datetime | None = None
        self._lost = False

    def on(self, event: Tick | SessionEdge | Heartbeat) -> list[BarRow]:
        """Take in an event and return the bars that are due, oldest first."""
        match event:
            case Tick():
                told = self._due(event.received_utc, by_tick=True)
                self._add(event, told)
                return told
            case SessionEdge() if not event.opened:
                return self._due(event.stamp_utc + self._wait + self._keep)
            case _:
                return self._due(event.stamp_utc)

    def lost(self) -> None:
        """Hear that the connection was lost: ticks may be missing until the next one comes."""
        self._lost = True
        for bar in self._open_bars():
            bar.gap = True

    def _due(self, now_utc: datetime, *, by_tick: bool = False) -> list[BarRow]:
        told: list[BarRow] = []
        session = self._session
        if session is None:
            return told
        for begins in sorted(session.bars):
            bar = session.bars[begins]
            due_utc = bar.ends_utc + self._wait
            # a tick at the very close is of the bar that closes
            is_due = now_utc > due_utc if bar.closes and by_tick else now_utc >= due_utc
            if not bar.told and is_due:
                bar.row, self._next_row, bar.told = self._next_row, self._next_row + 1, True
                self._told_until = bar.ends_utc
                told.append(self._row(bar, final=self._keep == timedelta(0)))
            if bar.told and now_utc >= bar.ends_utc + self._wait + self._keep:
                if bar.corrected:
                    told.append(self._row(bar, final=True))
                del session.bars[begins]
        return told

    def _add(self, tick: Tick, told: list[BarRow]) -> None:
        self.counts.ticks += 1
        column = self._column.get(tick.instrument)
        stamp = require_utc(tick.stamp_utc)
        if column is None or not (0.0 < tick.price < np.inf) or not (0.0 <= tick.size < np.inf):
            self.counts.unfit += 1
            return
        bar = self._bar_of(stamp, told)
        if bar is None:
            return
        newest = self._newest[column]
        if newest is not None and stamp < newest:
            self.counts.disordered += 1
        self._newest[column] = stamp if newest is None else max(newest, stamp)
        if bar.told:
            self.counts.correcting += 1
            bar.corrected = True
        if self._lost:
            bar.gap, self._lost = True, False
        _fold(bar, column, tick, stamp)

    def _bar_of(self, stamp: datetime, told: list[BarRow]) -> _Bar | None:
        session = self._session_of(stamp, told)
        if session is None:
            self.counts.outside += 1
            return None
        since = min(stamp, session.closes_utc - timedelta(microseconds=1)) - session.opens_utc
        begins = session.opens_utc + since // self._length * self._length
        bar = session.bars.get(begins)
        if bar is None:
            if self._told_until is not None and begins < self._told_until:
                self.counts.late += 1
                return None
            bar = session.bars[begins] = self._new_bar(session, begins)
        return bar

    def _new_bar(self, session: _Session, begins: datetime) -> _Bar:
        ends = min(begins + self._length, session.closes_utc)
        columns = len(self._newest)
        values = np.full((len(FIELDS), columns), np.nan)
        closes = ends == session.closes_utc
        return _Bar(-1, session.day, begins, ends, closes, values, [None] * columns, [None] * columns)

    def _session_of(self, stamp: datetime, told: list[BarRow]) -> _Session | None:
        known = self._session
        if known is not None and known.opens_utc <= stamp <= known.closes_utc:
            return known
        for day in (stamp.date(), stamp.date() - timedelta(days=1), stamp.date() + timedelta(days=1)):
            try:
                opens, closes = self._hours(day)
            except InvalidInput:
                continue
            if opens <= stamp <= closes and (known is None or day > known.day):
                if known is not None:  # whatever is left of the session before is over now
                    told += self._due(known.closes_utc + self._wait + self._keep)
                self._session = _Session(day, opens, closes)
                return self._session
        return None

    def _open_bars(self) -> list[_Bar]:
        return [] if self._session is None else [bar for bar in self._session.bars.values() if not bar.told]

    def _row(self, bar: _Bar, *, final: bool) -> BarRow:
        fields = {name: bar.values[place].copy() for place, name in enumerate(FIELDS)}
        return BarRow(bar.row, bar.ends_utc, bar.session, fields, bar.gap, final, bar.closes)


def _fold(bar: _Bar, column: int, tick: Tick, stamp: datetime) -> None:
    values = bar.values[:, column]
    first, last = bar.first[column], bar.last[column]
    if first is None or last is None:
        values[:] = tick.price, tick.price, tick.price, tick.price, 0.0, 0.0
        bar.first[column] = bar.last[column] = stamp
    elif stamp < first:
        values[0], bar.first[column] = tick.price, stamp
    elif stamp >= last:
        values[3], bar.last[column] = tick.price, stamp
    values[1], values[2] = max(values[1], tick.price), min(values[2], tick.price)
    values[4] += tick.size
    values[5] += tick.size * tick.price
