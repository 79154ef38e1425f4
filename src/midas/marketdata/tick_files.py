"""The ticks of one version of a dataset: a file for each day on which they arrived.

    <version>/days.json               the days there are, with how many ticks each has and a digest of them
    <version>/ticks-2024-07-02.parquet
    <version>/bars-1-1m/              bars made of them, as a version of a dataset of such bars (see `tick_bars`)

A day is one of the venue's own zone. In a file ticks are in the order they arrived.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from midas.core.basis import Basis
from midas.core.instrument import Instrument
from midas.core.timeframe import TICK
from midas.marketdata import instruments as instrument_list
from midas.marketdata.dataset import Dataset
from midas.marketdata.files import corrupt, sync_folder, write_whole
from midas.marketdata.version import read_parquet, write_beside_bars

COLUMNS = ("symbol", "ts", "arrived", "price", "size")

_DAYS = "days.json"
_HASH_LENGTH = 16


@dataclass(frozen=True, slots=True)
class TickDay:
    """What a day's file holds: how many ticks, and a digest of what they say."""

    ticks: int
    digest: str


@dataclass(frozen=True, slots=True)
class TickContent:
    """All a dataset of ticks holds: `fresh` days at hand, the others as they are in the version's folder `kept`."""

    venue: str
    currency: str
    source: str
    instruments: tuple[Instrument, ...]
    days: Mapping[date, TickDay]
    fresh: Mapping[date, pl.DataFrame]
    kept: Path | None
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """A hash of what the data says, whatever file or library version it is kept with."""
        listed = {
            "venue": self.venue,
            "timeframe": str(TICK),
            "currency": self.currency,
            "instruments": instrument_list.to_json(self.instruments),
            "days": {day.isoformat(): [one.ticks, one.digest] for day, one in self.days.items()},
        }
        text = json.dumps(listed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]

    def described(self, name: str, at_utc: datetime) -> Dataset:
        """Return the dataset this is."""
        ticks = sum(one.ticks for one in self.days.values())
        return Dataset(
            name, self.version, self.venue, TICK, Basis.RAW, self.currency, self.source, ticks, len(self.instruments),
            min(self.days), max(self.days), at_utc, self.notes,
        )  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write every file of it into a new folder; days that did not change are shared with the version before."""
        folder.mkdir(parents=True)
        for day in self.days:
            file = folder / _name(day)
            if day in self.fresh:
                write_whole(file, _parquet(self.fresh[day]))
            elif self.kept is not None:
                _share(self.kept / _name(day), file)
        listed = {day.isoformat(): {"ticks": one.ticks, "digest": one.digest} for day, one in self.days.items()}
        write_whole(folder / _DAYS, json.dumps(listed).encode())
        write_beside_bars(folder, self.instruments)
        sync_folder(folder)


def read_days(folder: Path, dataset: str) -> dict[date, TickDay]:
    """Read which days there are, oldest first.

    Raises
    ------
    StorageCorrupt: the list is missing or damaged.
    """
    file = folder / _DAYS
    try:
        listed = json.loads(file.read_bytes())
        return {
            date.fromisoformat(day): TickDay(int(one["ticks"]), str(one["digest"]))
            for day, one in sorted(listed.items())
        }
    except FileNotFoundError:
        raise corrupt(file, dataset, "the file is missing") from None
    except (ValueError, KeyError, TypeError) as reason:
        raise corrupt(file, dataset, f"it is damaged ({reason})") from reason


def read_day(folder: Path, dataset: str, day: date) -> pl.DataFrame:
    """Read the ticks that arrived on a day, in their order.

    Raises
    ------
    StorageCorrupt: the file is missing, cut short or no Parquet.
    """
    return read_parquet(folder / _name(day), dataset)


def by_day(ticks: pl.DataFrame, timezone: str) -> Iterator[tuple[date, pl.DataFrame]]:
    """Yield ticks by the day they arrived on in a zone, oldest first."""
    day = pl.col("arrived").dt.convert_time_zone(timezone).dt.date().alias("day")
    for part in ticks.with_columns(day).sort("day", maintain_order=True).partition_by("day", maintain_order=True):
        yield part["day"][0], part.select(COLUMNS)


def in_order(ticks: pl.DataFrame) -> pl.DataFrame:
    """Return ticks as they arrived; those of one symbol and moment stay as they are."""
    return ticks.sort("arrived", "symbol", maintain_order=True)


def day_of(ticks: pl.DataFrame) -> TickDay:
    """Return what a day's file of these ticks holds."""
    names = ticks["symbol"].unique().sort()
    digest = hashlib.sha256("\n".join(names.to_list()).encode())
    digest.update(ticks["symbol"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy().tobytes())
    for name in ("ts", "arrived"):
        digest.update(ticks[name].to_physical().cast(pl.Int64).to_numpy().tobytes())
    for name in ("price", "size"):
        digest.update(ticks[name].to_numpy().astype(np.float64).tobytes())
    return TickDay(ticks.height, digest.hexdigest())


def _name(day: date) -> str:
    return f"ticks-{day.isoformat()}.parquet"


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=1)
    return buffer.getvalue()


def _share(old: Path, new: Path) -> None:
    # nothing changes a file of the lake: two versions may be one file, where the disk can
    try:
        os.link(old, new)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(old, new)
