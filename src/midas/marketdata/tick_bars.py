"""The bars that are made of stored ticks, by the aggregator that makes those of a live market.

Each day of arrivals goes through an aggregator of its own and is one session: what arrives on another day than it was
printed is of no bar. So a day can be made again by itself, to the bit, by whoever has its ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from midas.core.errors import DataBlocked, InvalidInput
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.aggregation import FIELDS, Aggregator, Hours
from midas.marketdata.dataset import Dataset
from midas.marketdata.feed import BarRow, SessionEdge, Tick
from midas.marketdata.files import TEMPORARY, corrupt, remove, sync_folder
from midas.marketdata.snapshot import Snapshot
from midas.marketdata.tick_files import read_day, read_days
from midas.marketdata.version import read_instruments, write_version
from midas.venues.calendar import Calendar
from midas.venues.catalogue import venue

KEEP_S = 60.0
"""A bar is told when it ends. Ticks of it that come later correct it for so long; nothing goes by the correction."""

_LAYOUT = 1
"""Another number where bars of the same ticks become others: those that were made before are then made again."""

_BARS = pl.Schema(
    [("symbol", pl.String()), ("ts", pl.Datetime("us", "UTC")), *((name, pl.Float64()) for name in FIELDS)]
)


def require_length(name: str, timeframe: Timeframe | None) -> Timeframe:
    """Return the length of the bars to be made of the ticks of a dataset.

    Raises
    ------
    InvalidInput: nobody said one, or it is none within the day.
    """
    if timeframe is None or not timeframe.is_intraday:
        asked = "" if timeframe is None else f", and {timeframe} ones are not made of ticks"
        raise InvalidInput(
            f"Dataset {name!r} holds ticks: which bars are meant is not said{asked}.",
            hint="Say how long a bar within the day is, e.g. --timeframe 1m, 5m or 1h.",
            code="timeframe_needed",
        )
    return timeframe


def folder_of(version: Path, timeframe: Timeframe) -> Path:
    """Return where the bars made of a version's ticks are: a folder such as a version of those bars would have."""
    return version / f"bars-{_LAYOUT}-{timeframe}"


def make(version: Path, bars: Dataset) -> None:
    """Make the bars of a version's ticks and put them in place in one step; nothing to do when they are there.

    Raises
    ------
    DataBlocked: no tick lies in a session.
    """
    final = folder_of(version, bars.timeframe)
    if final.is_dir():
        return
    beside = version / f"{TEMPORARY}{uuid4().hex}"
    try:
        write_version(beside, _snapshot(version, bars))
        beside.replace(final)
    except FileNotFoundError as gone:
        raise corrupt(version, bars.name, "a newer version took its place") from gone
    finally:
        remove(beside)
    sync_folder(version)


def day_events(
    ticks: Iterable[Tick], day: date, instruments: Sequence[InstrumentId], timeframe: Timeframe, hours: Hours
) -> Iterator[Tick | BarRow]:
    """Yield a day's ticks, each behind the bars that were due by then; rows count from 0, corrected ones come again."""
    try:
        opens, closes = hours(day)
    except InvalidInput:
        yield from ticks
        return

    def of(asked: date) -> tuple[datetime, datetime]:
        if asked != day:
            raise InvalidInput(f"{asked} is another day.", hint=f"Ask for {day}.", code="not_a_session")
        return opens, closes

    aggregator = Aggregator(instruments, timeframe, of, keep_s=KEEP_S)
    for tick in ticks:
        yield from aggregator.on(tick)
        yield tick
    yield from aggregator.on(SessionEdge(day, False, closes))


def ticks_of(frame: pl.DataFrame) -> Iterator[Tick]:
    """Yield the rows of a frame of ticks (`symbol ts arrived price size`)."""
    names = {text: InstrumentId.parse(text) for text in frame["symbol"].unique()}
    plain = frame.with_columns(pl.col("ts", "arrived").dt.replace_time_zone(None))
    for symbol, stamp, arrived, price, size in plain.iter_rows():
        yield Tick(names[symbol], price, size, stamp.replace(tzinfo=UTC), arrived.replace(tzinfo=UTC))


def hours_of(calendar: Calendar) -> Hours:
    """Return when the session of a day opens and closes; what has no hours trades from midnight to midnight."""

    def hours(day: date) -> tuple[datetime, datetime]:
        if calendar.hours and calendar.first <= day <= calendar.last and day >= calendar.hours[0].valid_from:
            return calendar.hours_utc(day)
        begins, ends = (
            datetime.combine(day + timedelta(days=days), time(), ZoneInfo(calendar.timezone)).astimezone(UTC)
            for days in (0, 1)
        )
        return begins, ends

    return hours


def _snapshot(version: Path, bars: Dataset) -> Snapshot:
    instruments = read_instruments(version, bars.name)
    ids = [one.id for one in instruments]
    hours = hours_of(venue(bars.venue, bars.currency).calendar)
    parts = []
    for day in read_days(version, bars.name):
        events = day_events(ticks_of(read_day(version, bars.name, day)), day, ids, bars.timeframe, hours)
        parts.append(_frame(events, ids))
    found = pl.concat(parts).sort("symbol", "ts")
    if found.is_empty():
        raise DataBlocked(
            f"No tick of dataset {bars.name!r} lies in a session of {bars.venue}: there are no bars.",
            hint="Check the times and their zone.",
            code="empty",
        )
    held = set(found["symbol"])
    traded = tuple(one for one in instruments if str(one.id) in held)
    return Snapshot(
        bars.venue, bars.timeframe, bars.basis, bars.currency, bars.source, found, traded, notes=bars.notes
    )  # fmt: skip


def _frame(events: Iterable[Tick | BarRow], instruments: Sequence[InstrumentId]) -> pl.DataFrame:
    # bars as they were told first: what came later was not known when it was decided on them
    told: list[BarRow] = []
    for event in events:
        if isinstance(event, BarRow) and event.row == len(told):
            told.append(event)
    if not told:
        return pl.DataFrame(schema=_BARS)
    values = {name: np.array([row.fields[name] for row in told]) for name in FIELDS}
    rows, columns = np.nonzero(~np.isnan(values["close"]))
    names, stamps = [str(one) for one in instruments], [row.stamp_utc for row in told]
    found = {"symbol": [names[column] for column in columns], "ts": [stamps[row] for row in rows]}
    return pl.DataFrame(found | {name: of[rows, columns] for name, of in values.items()}, schema=_BARS)
