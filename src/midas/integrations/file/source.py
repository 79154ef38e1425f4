"""Files as a source."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from midas.integrations.file.parse import parse_table
from midas.integrations.file.parse_ticks import parse_ticks
from midas.integrations.file.request import FileRequest
from midas.integrations.file.table import read_table
from midas.marketdata.source import Progress, PullRequest, RawBars, RawTicks, silent


class FileSource:
    """CSV, TSV and Parquet files: one row per symbol and date, per date for a single symbol, or per tick."""

    name = "file"
    summary = "Your own CSV, TSV or Parquet files: use `midas data import FILE --venue MIC`."

    def fetch(self, request: PullRequest, progress: Progress = silent) -> list[RawBars]:
        """Read one file; see `FileRequest.of` for the options.

        Raises
        ------
        NotFound: there is no such file.
        InvalidInput: it is no table, or lacks a column.
        DataInvalid: it is cut short, in an unknown encoding, or has no usable row.
        """
        wanted = FileRequest.of(request)
        progress(0.0, f"reading {wanted.path.name}")
        raw = parse_table(read_table(wanted.path), wanted)
        progress(0.25, f"read {raw.frame.height:,} rows of {wanted.path.name}")
        return [_between(raw, request)]

    def fetch_ticks(self, request: PullRequest, progress: Progress = silent) -> RawTicks:
        """Read one file of ticks; options and errors are those of `fetch`."""
        wanted = FileRequest.of(request)
        progress(0.0, f"reading {wanted.path.name}")
        raw = parse_ticks(read_table(wanted.path), wanted)
        progress(0.25, f"read {raw.frame.height:,} ticks of {wanted.path.name}")
        return raw


def _between(raw: RawBars, request: PullRequest) -> RawBars:
    if request.start is None and request.end is None:
        return raw
    day = pl.col("ts").cast(pl.Date)
    inside = pl.lit(value=True)
    if request.start is not None:
        inside &= day >= request.start
    if request.end is not None:
        inside &= day <= request.end
    return replace(raw, frame=raw.frame.filter(inside))
