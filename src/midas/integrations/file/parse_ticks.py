"""A table as ticks."""

from __future__ import annotations

import polars as pl

from midas.integrations.file.columns import recognise_ticks
from midas.integrations.file.reading import Reading, usable_rows
from midas.integrations.file.request import FileRequest
from midas.integrations.file.table import Table
from midas.marketdata.source import RawTicks
from midas.marketdata.tick_files import COLUMNS

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
    read = usable_rows(table, columns, request, _rows, "symbol", "ts", "arrived")
    return RawTicks(
        request.dataset, read.place.mic, read.frame.select(COLUMNS), read.place.currency, request.path.name,
        read.instruments, "arrived" in columns, read.findings, read.warnings,
    )  # fmt: skip


def _rows(reading: Reading) -> pl.DataFrame:
    read = {"symbol": reading.ids(), "ts": reading.stamps(_moments(reading))}
    read["arrived"] = reading.stamps(reading.column("arrived")) if "arrived" in reading.columns else read["ts"]
    for ours in ("price", "size"):
        read[ours] = reading.numbers(ours)
    return pl.DataFrame(read | reading.words())


def _moments(reading: Reading) -> pl.Series:
    # some files tell the day and the time of day in columns of their own
    time = reading.column("time")
    if "date" not in reading.columns:
        return time
    clock = time.cast(pl.String).str.replace(_CLOCK, "${1}:${2}:${3}${4}")
    return reading.column("date").cast(pl.String) + "T" + clock
