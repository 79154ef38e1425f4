"""A table as bars."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from midas.core.basis import Basis
from midas.integrations.file.columns import recognise
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
from midas.integrations.file.stated_actions import stated_actions
from midas.integrations.file.table import Table
from midas.marketdata.basis_detection import stated_adjusted
from midas.marketdata.snapshot import CASH_DIVIDEND
from midas.marketdata.source import RawBars
from midas.venues.venue import Venue

_NUMBERS: Final = (
    "open", "high", "low", "close", "adj_close", "volume", "turnover", "change", "base", "dividend", "split", "rights",
)  # fmt: skip
_BARS: Final = ("open", "high", "low", "close", "volume", "turnover", "adj_close", "base")


def parse_table(table: Table, request: FileRequest) -> RawBars:
    """Turn a table into bars of one venue.

    Raises
    ------
    InvalidInput: a column is missing, or the file does not say whose bars it holds.
    DataInvalid: no row can be used.
    """
    columns = recognise(table.frame.columns, request.mapping)
    place = place_of(table.frame, columns, request)
    reading = Reading(list(table.findings), list(place.warnings))
    frame = _rows(table, columns, place, request, reading)
    check_currencies(table.frame, columns, place, reading)
    usable = frame.drop_nulls(["symbol", "ts"])
    if usable.is_empty():
        raise nothing_usable(request, reading)
    instruments = instruments_of(usable, place, reading)
    actions, adjusted = stated_actions(usable)
    basis = _basis(usable, request.adjusted, adjusted)
    if actions is not None and basis is not None and not basis.is_raw:
        actions = actions.filter(pl.col("kind") == CASH_DIVIDEND)
    return RawBars(
        request.dataset, place.mic, request.timeframe, _bars(usable), basis, place.currency, request.path.name,
        instruments, actions, tuple(reading.findings), tuple(reading.warnings),
    )  # fmt: skip


def _rows(table: Table, columns: dict[str, str], place: Venue, request: FileRequest, reading: Reading) -> pl.DataFrame:
    frame, first = table.frame, table.first_line
    stamps = read_stamps(frame[columns["date"]], request.timeframe, place, request.timezone, first)
    ids = ids_of(table, columns, place, request, reading)
    reading.findings += stamps.findings
    read = {"symbol": ids, "ts": _closes(stamps.ts, request, reading)}
    for ours in _NUMBERS:
        if ours in columns:
            numbers = read_numbers(frame[columns[ours]], ours, first)
            reading.findings += numbers.findings
            reading.currencies |= numbers.currencies
            if numbers.values.null_count() < len(numbers.values) or ours == "close":
                read[ours] = numbers.values
    for ours in ("board", "name", "kind"):
        if ours in columns:
            read[ours] = frame[columns[ours]].cast(pl.String)
    if "permanent" in columns and "symbol" in columns:
        read["borne"] = frame[columns["symbol"]].cast(pl.String).str.strip_chars().str.to_uppercase()
    return pl.DataFrame(read)


def _closes(stamps: pl.Series, request: FileRequest, reading: Reading) -> pl.Series:
    # A bar that the end of a session cuts short is stamped later than it was known, never earlier.
    if not request.opening:
        return stamps
    length = request.timeframe
    reading.warnings.append(f"The file stamps bars at their opening; each is stamped {length} later, at its close.")
    return stamps + timedelta(seconds=length.seconds)


def _bars(frame: pl.DataFrame) -> pl.DataFrame:
    if "change" in frame.columns and "base" not in frame.columns:
        frame = frame.with_columns(base=pl.col("close") - pl.col("change"))
    return frame.select("symbol", "ts", *(name for name in _BARS if name in frame.columns))


def _basis(frame: pl.DataFrame, adjusted: bool | None, by_splits: bool | None) -> Basis | None:
    if adjusted or (adjusted is None and by_splits):
        return stated_adjusted(frame)
    if "open" not in frame.columns:
        return Basis.CLOSE_ONLY
    if adjusted is False or by_splits is False:
        return Basis.RAW
    return None
