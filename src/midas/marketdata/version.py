"""The files of one version of a dataset."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl

from midas.core.errors import DataBlocked
from midas.core.instrument import Instrument
from midas.marketdata import instruments as instrument_list
from midas.marketdata.dataset import Dataset
from midas.marketdata.files import corrupt, sync_folder, write_whole
from midas.marketdata.snapshot import Snapshot, no_actions
from midas.marketdata.trading_day import trading_days
from midas.venues.catalogue import venue

_INSTRUMENTS = "instruments.json"
_ACTIONS = "actions.parquet"
_COMPRESSION_LEVEL = 1


def write_version(folder: Path, snapshot: Snapshot) -> None:
    """Write every file of a version into a new folder."""
    folder.mkdir(parents=True)
    years = snapshot.bars["ts"].dt.year()
    for year in years.unique().sort():
        write_whole(folder / f"bars-{year}.parquet", _parquet(snapshot.bars.filter(years == year)))
    write_beside_bars(folder, snapshot.instruments, snapshot.actions)
    sync_folder(folder)


def write_beside_bars(folder: Path, instruments: Sequence[Instrument], actions: pl.DataFrame | None = None) -> None:
    """Write what a version has beside its bars or ticks."""
    write_whole(folder / _ACTIONS, _parquet(no_actions() if actions is None else actions))
    listed = json.dumps(instrument_list.to_json(instruments), ensure_ascii=False)
    write_whole(folder / _INSTRUMENTS, listed.encode())


def described_as(name: str, version: str, snapshot: Snapshot, at_utc: datetime) -> Dataset:
    """Return the dataset a snapshot is.

    Raises
    ------
    DataBlocked: it holds no bars.
    """
    days = trading_days(snapshot.bars["ts"], venue(snapshot.venue, snapshot.currency).timezone)
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        raise DataBlocked(f"Dataset {name!r} would hold no bars.", hint="Check the source.", code="empty")
    return Dataset(
        name, version, snapshot.venue, snapshot.timeframe, snapshot.basis, snapshot.currency, snapshot.source,
        snapshot.bars.height, len(snapshot.instruments), first, last, at_utc, snapshot.notes,
    )  # fmt: skip


def read_bars(
    folder: Path,
    dataset: str,
    symbols: Sequence[str] | None = None,
    start: date | None = None,
    end: date | None = None,
) -> pl.DataFrame:
    """Read bars sorted by (symbol, ts); `start` and `end` are inclusive.

    Raises
    ------
    StorageCorrupt: a file is missing, cut short or no Parquet.
    """
    files = [file for file in sorted(folder.glob("bars-*.parquet")) if _overlaps(file, start, end)]
    if not files:
        # A version always has bars: take the schema from any year when none is asked for.
        files = sorted(folder.glob("bars-*.parquet"))[:1]
    if not files:
        raise corrupt(folder, dataset, "it holds no bars")
    parts = [_filtered(read_parquet(file, dataset), symbols, start, end) for file in files]
    bars = pl.concat(parts)
    return bars if len(parts) == 1 else bars.sort("symbol", "ts")


def read_actions(folder: Path, dataset: str) -> pl.DataFrame:
    """Read a version's corporate actions."""
    return read_parquet(folder / _ACTIONS, dataset)


def read_instruments(folder: Path, dataset: str) -> tuple[Instrument, ...]:
    """Read a version's instruments, sorted by id."""
    file = folder / _INSTRUMENTS
    try:
        return instrument_list.from_json(json.loads(file.read_bytes()))
    except FileNotFoundError:
        raise corrupt(file, dataset, "the file is missing") from None
    except (ValueError, KeyError, TypeError) as reason:
        raise corrupt(file, dataset, f"it is damaged ({reason})") from reason


def read_snapshot(folder: Path, dataset: Dataset) -> Snapshot:
    """Read all a version of bars holds."""
    return Snapshot(
        dataset.venue, dataset.timeframe, dataset.basis, dataset.currency, dataset.source,
        read_bars(folder, dataset.name), read_instruments(folder, dataset.name), read_actions(folder, dataset.name),
        dataset.notes,
    )  # fmt: skip


def read_parquet(file: Path, dataset: str) -> pl.DataFrame:
    """Read one Parquet file of the lake.

    Raises
    ------
    StorageCorrupt: the file is missing, cut short or no Parquet.
    """
    try:
        return pl.read_parquet(file.read_bytes())
    except FileNotFoundError:
        raise corrupt(file, dataset, "the file is missing") from None
    except (pl.exceptions.PolarsError, OSError) as reason:
        raise corrupt(file, dataset, f"it is cut short or damaged ({_first_line(reason)})") from reason


def _first_line(reason: BaseException) -> str:
    return str(reason).partition("\n")[0] or type(reason).__name__


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=_COMPRESSION_LEVEL)
    return buffer.getvalue()


def _overlaps(file: Path, start: date | None, end: date | None) -> bool:
    year = int(file.stem.removeprefix("bars-"))
    return (start is None or year >= start.year) and (end is None or year <= end.year)


def _filtered(bars: pl.DataFrame, symbols: Sequence[str] | None, start: date | None, end: date | None) -> pl.DataFrame:
    if symbols is not None:
        bars = bars.filter(pl.col("symbol").is_in(list(symbols)))
    if start is not None:
        bars = bars.filter(pl.col("ts").cast(pl.Date) >= start)
    if end is not None:
        bars = bars.filter(pl.col("ts").cast(pl.Date) <= end)
    return bars
