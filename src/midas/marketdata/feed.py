"""The port through which the market comes in live, or again from the lake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class Tick:
    """One print: price in the venue's currency, size in shares. `received_utc` is when it reached us."""

    instrument: InstrumentId
    price: float
    size: float
    stamp_utc: datetime
    received_utc: datetime


@dataclass(frozen=True, slots=True)
class BarRow:
    """The bars of all instruments of a feed that closed at one moment.

    row : counts bars of this axis from the first the run ever read. session : the trading day. fields : raw `open high
    low close volume turnover` and whatever else the feed has, one float64 per instrument in the feed's order, NaN where
    there was no bar. gap : bars before this one are missing and could not be filled in. final : False where the
    bar may still be corrected: the row comes again then, as a correction, which changes nothing that was decided on it.
    closes : it is the bar that closes its session, as every daily one does. late : it began at or after the close of
    its session; see `Closing`.
    """

    row: int
    stamp_utc: datetime
    session: date
    fields: Mapping[str, NDArray[np.float64]]
    gap: bool = False
    final: bool = True
    closes: bool = True
    late: bool = False

    @property
    def close(self) -> NDArray[np.float64]:
        return self.fields["close"]


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split, dividend or delisting that meets holders before the open of `session`; kinds as `marketdata.actions`.

    It is told after the last bar before that session and before anything of it.
    """

    instrument: InstrumentId
    session: date
    kind: int
    value: float


@dataclass(frozen=True, slots=True)
class SessionEdge:
    """A session opened or closed: the latter is told behind every bar of it that began before its official close."""

    session: date
    opened: bool
    stamp_utc: datetime


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The feed lives though nothing traded."""

    stamp_utc: datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the data that is no bar, for the audit trail: `detail` says `why` in words."""

    act: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Grown:
    """The data has more to tell, or tells something else of what was told.

    version : of the data. told : what a feed of a later process goes on from, to be stored before any of the rows that
    follow are heard. corrected, late : rows that changed after they were told, and rows that came behind later ones:
    neither is told again, `remarks` say which they are.
    """

    version: str
    told: bytes
    corrected: int = 0
    late: int = 0
    remarks: Sequence[Remark] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """All there is was told, and more may come at any time; `since_utc` by the machine's clock."""

    since_utc: datetime


FeedEvent = Tick | BarRow | CorporateAction | SessionEdge | Heartbeat | Grown | Remark | Waiting


class Feed(Protocol):
    """Market data in, in the order it happened as far as the vendor knows it."""

    @property
    def instruments(self) -> Sequence[InstrumentId]:
        """What it was opened for; arrays of a `BarRow` are in this order."""
        ...

    @property
    def timeframe(self) -> Timeframe: ...

    def events(self, after_row: int = -1) -> AsyncIterator[FeedEvent]:
        """Yield what happens, beginning behind row `after_row`; it ends when the connection is lost or all is told."""
        ...
