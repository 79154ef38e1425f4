"""A table as bars."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from midas.core.basis import Basis
from midas.integrations.file.columns import recognise
from midas.integrations.file.reading import Reading, usable_rows
from midas.integrations.file.request import FileRequest
from midas.integrations.file.stated_actions import stated_actions
from midas.integrations.file.table import Table
from midas.marketdata.basis_detection import stated_adjusted
from midas.marketdata.snapshot import CASH_DIVIDEND
from midas.marketdata.source import RawBars

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
    read = usable_rows(table, columns, request, _rows, "symbol", "ts")
    actions, adjusted = stated_actions(read.frame)
    basis = _basis(read.frame, request.adjusted, adjusted)
    if actions is not None and basis is not None and not basis.is_raw:
        actions = actions.filter(pl.col("kind") == CASH_DIVIDEND)
    return RawBars(
        request.dataset, read.place.mic, request.timeframe, _bars(read.frame), basis, read.place.currency,
        request.path.name, read.instruments, actions, read.findings, read.warnings,
    )  # fmt: skip


def _rows(reading: Reading) -> pl.DataFrame:
    columns = reading.columns
    read = {"symbol": reading.ids(), "ts": _closes(reading.stamps(reading.column("date")), reading)}
    for ours in _NUMBERS:
        if ours in columns:
            numbers = reading.numbers(ours)
            if numbers.null_count() < len(numbers) or ours == "close":
                read[ours] = numbers
    read |= reading.words()
    if "permanent" in columns and "symbol" in columns:
        read["borne"] = reading.column("symbol").cast(pl.String).str.strip_chars().str.to_uppercase()
    return pl.DataFrame(read)


def _closes(stamps: pl.Series, reading: Reading) -> pl.Series:
    # A bar that the end of a session cuts short is stamped later than it was known, never earlier.
    if not reading.request.opening:
        return stamps
    length = reading.request.timeframe
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
