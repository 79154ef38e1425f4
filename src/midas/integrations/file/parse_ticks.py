"""A table as ticks."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from midas.integrations.file.columns import recognise_ticks
from midas.integrations.file.numbers import read_numbers
from midas.integrations.file.reading import (
    Reading,
    check_currencies,
    ids_of,
    instruments_of,
    nothing_usable,
    place_of,
)
from midas.integrations.file.request import FileRequest
from midas.integrations.file.stamps import read_stamps
from midas.integrations.file.table import Table
from midas.marketdata.source import RawTicks
from midas.marketdata.tick_files import COLUMNS
from midas.venues.venue import Venue

_CLOCK = r"^(\d{1,2})(\d{2})(\d{2})([.,]\d+)?$"
"""A time of day without colons, as 090001."""


def parse_ticks(table: Table, request: FileRequest) -> RawTicks:
    """Turn a table into ticks of one venue, each with the moment it arrived: the file's, else that of its stamp.

    Raises
    ------
    InvalidInput: a column is missing, or the file does not say whose ticks it holds.
    DataInvalid: no row can be used.
    """
    columns = recognise_ticks(table.frame.columns, request.mapping)
    place = place_of(table.frame, columns, request)
    reading = Reading(list(table.findings), list(place.warnings))
    frame = _rows(table, columns, place, request, reading)
    check_currencies(table.frame, columns, place, reading)
    usable = frame.drop_nulls(["symbol", "ts", "arrived"])
    if usable.is_empty():
        raise nothing_usable(request, reading)
    instruments = instruments_of(usable, place, reading)
    return RawTicks(
        request.dataset, place.mic, usable.select(COLUMNS), place.currency, request.path.name, instruments,
        "arrived" in columns, tuple(reading.findings), tuple(reading.warnings),
    )  # fmt: skip


def _rows(
    table: Table, columns: Mapping[str, str], place: Venue, request: FileRequest, reading: Reading
) -> pl.DataFrame:
    frame, first = table.frame, table.first_line
    read = {"symbol": ids_of(table, columns, place, request, reading)}
    times = {"ts": _moments(frame, columns)}
    if "arrived" in columns:
        times["arrived"] = frame[columns["arrived"]]
    for ours, column in times.items():
        stamps = read_stamps(column, request.timeframe, place, request.timezone, first)
        reading.findings += stamps.findings
        read[ours] = stamps.ts
    read.setdefault("arrived", read["ts"])
    for ours in ("price", "size"):
        numbers = read_numbers(frame[columns[ours]], ours, first)
        reading.findings += numbers.findings
        reading.currencies |= numbers.currencies
        read[ours] = numbers.values
    for ours in ("board", "name", "kind"):
        if ours in columns:
            read[ours] = frame[columns[ours]].cast(pl.String)
    return pl.DataFrame(read)


def _moments(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.Series:
    # some files tell the day and the time of day in columns of their own
    if "date" not in columns:
        return frame[columns["time"]]
    clock = frame[columns["time"]].cast(pl.String).str.replace(_CLOCK, "${1}:${2}:${3}${4}")
    return frame[columns["date"]].cast(pl.String) + "T" + clock
