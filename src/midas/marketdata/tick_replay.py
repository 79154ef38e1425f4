"""Stored ticks as a feed: each at the moment it arrived, and the bars they make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.core.errors import StorageCorrupt
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.closing import closing_of
from midas.marketdata.feed import BarRow, CorporateAction, Feed, FeedEvent, SessionEdge, Tick
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay, Sleep
from midas.marketdata.tick_bars import day_events, hours_of, ticks_of
from midas.venues.catalogue import venue

_SHORTEST_S = 0.001
"""Ticks come faster than a machine can sleep: what is shorter is slept together."""

_TURN = 1000
"""So many events are told before everybody else in the process has a turn."""


def feed_of(lake: Lake, panel: Panel, stop: int, *, paced_from: int, speed: float | None) -> Feed:
    """Return rows [0, stop) of a panel as a feed: ticks and the bars they make where its dataset holds ticks."""
    if not lake.dataset(panel.dataset).timeframe.is_tick:
        return Replay(panel, stop, paced_from=paced_from, speed=speed)
    version = panel.version.partition("+")[0]
    everyone = [one.id for one in lake.instruments(panel.dataset)]
    return TickReplay(
        panel, lambda day: lake.ticks(panel.dataset, day, version), everyone, stop, paced_from=paced_from, speed=speed
    )


class TickReplay:
    """Rows [0, stop) of the panel that was made of the ticks of `everyone`, as a `Feed`.

    Sessions before that of row `paced_from` are told in bars, at once: they are history a strategy is warmed up with.
    Then a day is its ticks as they arrived, its bars made of them by an aggregator anew, and the edges of its session.
    A bar that late ticks corrected comes again. To go on behind a row its day is begun anew and not told up to there.
    """

    def __init__(
        self,
        panel: Panel,
        ticks: Callable[[date], pl.DataFrame],
        everyone: Sequence[InstrumentId],
        stop: int | None = None,
        *,
        paced_from: int = 0,
        speed: float | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._panel, self._ticks, self._everyone = panel, ticks, tuple(everyone)
        self._speed, self._sleep, self._paced_from = speed, sleep, paced_from
        self._stop = panel.rows if stop is None else min(stop, panel.rows)
        self._instruments = tuple(one.id for one in panel.instruments)
        self._columns = np.array([self._everyone.index(one) for one in self._instruments], np.int64)
        self._calendar = venue(panel.venue, panel.currency).calendar
        self._hours = hours_of(self._calendar)

    @property
    def instruments(self) -> Sequence[InstrumentId]:
        return self._instruments

    @property
    def timeframe(self) -> Timeframe:
        return self._panel.timeframe

    def told(self, after_row: int = -1) -> Iterator[FeedEvent]:
        """Yield what happens behind row `after_row`, without waiting; the close of its session is told again."""
        begins = self._panel.begins[self._panel.begins < self._stop].tolist()
        history = max((row for row in begins if row <= self._paced_from), default=0)
        if after_row < history:
            yield from Replay(self._panel, history).told(after_row)
        for row, behind in zip(begins, [*begins[1:], self._stop], strict=True):
            if row >= history and behind > after_row:
                yield from _behind(self._day(row, behind), after_row if after_row >= row else -1)

    async def events(self, after_row: int = -1) -> AsyncIterator[FeedEvent]:
        """Yield what happens behind row `after_row`, at the speed asked for."""
        before: datetime | None = None
        paced, owed_s, told = self._paced_from - 1 <= after_row, 0.0, 0
        for event in self.told(after_row):
            moment, told = _moment(event) if isinstance(event, Tick | BarRow | SessionEdge) else before, told + 1
            if moment is not None and before is not None and paced and self._speed is not None:
                owed_s += max(0.0, (moment - before).total_seconds() / self._speed)
            if owed_s >= _SHORTEST_S:
                await self._sleep(owed_s)
                owed_s = 0.0
            elif told % _TURN == 0:
                await self._sleep(0.0)
            before = max((each for each in (before, moment) if each is not None), default=None)
            paced = paced or (isinstance(event, BarRow) and event.row >= self._paced_from - 1)
            yield event

    def _day(self, first: int, behind: int) -> Iterator[FeedEvent]:
        # A session's opening is told before whatever came from then on, its close behind whatever came until then.
        day: date = self._panel.sessions[first].item()
        opens, closes = self._hours(day)
        edges: list[SessionEdge] = [SessionEdge(day, True, opens)]
        yield from self._happens.get(first, ())
        for event in self._bars_and_ticks(day, first):
            if edges and _is_before(edges[0], event):
                yield edges.pop()
            row = event.row if isinstance(event, BarRow) and not event.final else -1
            yield from self._happens.get(row, ()) if row > first else ()
            yield event
            if row == behind - 1 and self._ends[row]:
                edges = [SessionEdge(day, False, closes)]
        yield from edges

    def _bars_and_ticks(self, day: date, first: int) -> Iterator[Tick | BarRow]:
        # Of everyone's bars those in which one of ours traded when they were told first, counted as the panel does.
        wanted, rows = set(self._instruments), dict[int, int]()
        for event in day_events(ticks_of(self._ticks(day)), day, self._everyone, self._panel.timeframe, self._hours):
            if isinstance(event, Tick):
                if event.instrument in wanted:
                    yield event
                continue
            fields = {name: values[self._columns] for name, values in event.fields.items()}
            if event.row not in rows and not event.final and not np.isnan(fields["close"]).all():
                rows[event.row] = first + len(rows)
                self._require(rows[event.row], event)
            if event.row in rows:
                yield BarRow(
                    rows[event.row], event.stamp_utc, day, fields, event.gap, event.final, event.closes, event.late
                )  # fmt: skip

    def _require(self, row: int, told: BarRow) -> None:
        stamps = self._panel.stamps
        if stamps is None or row >= len(stamps) or stamps[row] != np.datetime64(told.stamp_utc.replace(tzinfo=None)):
            raise StorageCorrupt(
                f"The ticks of dataset {self._panel.dataset!r} make other bars than were made of them before.",
                hint=f"Delete dataset {self._panel.dataset!r} and import its ticks again.",
            )

    @cached_property
    def _ends(self) -> NDArray[np.bool_]:
        return closing_of(self._panel, self._calendar).ends

    @cached_property
    def _happens(self) -> Mapping[int, Sequence[CorporateAction]]:
        return Replay(self._panel).happens


def _behind(events: Iterable[FeedEvent], row: int) -> Iterator[FeedEvent]:
    waiting = row >= 0
    for event in events:
        if not waiting:
            yield event
        elif isinstance(event, BarRow) and event.row == row:
            waiting = False


def _is_before(edge: SessionEdge, event: Tick | BarRow) -> bool:
    # what comes at the very moment of an edge is of the session
    moment = _moment(event)
    return moment >= edge.stamp_utc if edge.opened else moment > edge.stamp_utc


def _moment(event: Tick | BarRow | SessionEdge) -> datetime:
    return event.received_utc if isinstance(event, Tick) else event.stamp_utc
