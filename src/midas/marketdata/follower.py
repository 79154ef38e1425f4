"""A dataset that grows as a feed: each new version tells its new rows, and then it waits for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from midas.core.clock import Clock
from midas.core.errors import MidasError
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.continuation import Continuation, continued
from midas.marketdata.feed import BarRow, FeedEvent, Grown, Remark, SessionEdge, Waiting
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.plot import Plot
from midas.marketdata.replay import Replay, Sleep
from midas.marketdata.told import Told

LOOK_EVERY_S = 2.0


class Follower:
    """The rows of a dataset as a `Feed` that does not end; `told` is what a process before this one told.

    Rows told before are told again under the same numbers to who begins behind an earlier one, as they are now.
    """

    def __init__(
        self,
        lake: Lake,
        plot: Plot,
        told: Told | None = None,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._lake, self._plot, self._told = lake, plot, told
        self._clock, self._sleep, self._look_every_s = clock, sleep, look_every_s
        self._version = self._seen = self._trouble = ""
        self._all = False
        self._known_utc: datetime | None = None
        self._begins_utc: datetime | None = None
        self._instruments = tuple(instrument.id for instrument in plot.ground.instruments)

    @property
    def instruments(self) -> Sequence[InstrumentId]:
        return self._instruments

    @property
    def timeframe(self) -> Timeframe:
        return self._plot.ground.timeframe

    def has_told(self, moment_utc: datetime) -> bool:
        """Tell whether all rows that anybody may have known at a moment, by the machine's clock, are told.

        That is so where a look behind it found nothing untold, or where the first row to be told begins after it.
        """
        if self._known_utc is not None and moment_utc <= self._known_utc:
            return True
        return self._begins_utc is not None and moment_utc < self._begins_utc

    async def events(self, after_row: int = -1) -> AsyncIterator[FeedEvent]:
        """Yield what happens behind row `after_row`, for ever."""
        row = after_row
        while True:
            looked_utc = self._clock.now_utc()
            found = await asyncio.to_thread(self._look)
            if isinstance(found, Remark):
                yield found
            elif found is not None:
                self._begins_utc = _begins_utc(found.panel, row, self.timeframe)
                yield Grown(self._version, found.told.to_bytes(), found.corrected, found.late, found.remarks)
                self._told = found.told
                for event in Replay(found.panel).told(row):
                    row = event.row if isinstance(event, BarRow) else row
                    yield event
            if self._all:
                self._known_utc = looked_utc
            if found is not None:
                yield Waiting(self._clock.now_utc())
            await self._sleep(self._look_every_s)

    def _look(self) -> Continuation | Remark | None:
        # None where there is nothing new, a remark where it cannot be told, once
        self._all = False
        try:
            found = self._continuation()
        except MidasError as error:
            said, self._trouble = self._trouble, error.message
            return None if said == error.message else Remark("alert.feed", {"why": str(error), "code": error.code})
        if found is not None:
            self._trouble = ""
        return found

    def _continuation(self) -> Continuation | None:
        name = self._plot.ground.dataset
        dataset = self._lake.dataset(name)
        if dataset.version == self._seen:
            # what was seen and cannot be told is not told
            self._all = self._version == self._seen
            return None
        panel = self._lake.panel(name)
        if panel.version != dataset.version:
            return None  # a newer one came between: it is looked at the next time
        self._seen = dataset.version
        found = continued(panel, dataset.imported_at_utc, self._plot, self._told)
        self._version, self._all = dataset.version, True
        return found


def _begins_utc(panel: Panel, after_row: int, timeframe: Timeframe) -> datetime | None:
    # when the row behind that one began, None where there is none
    for event in Replay(panel).told(after_row):
        if isinstance(event, SessionEdge) and event.opened:
            return event.stamp_utc
        if isinstance(event, BarRow):
            return event.stamp_utc - timedelta(seconds=timeframe.seconds)
    return None
