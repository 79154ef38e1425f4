"""Datasets on disk: versioned, whole or absent, one writer at a time.

    <root>/<dataset>/manifest.json      which version is current, and what it is
    <root>/<dataset>/<version>/         bars by year or ticks by day, actions, instruments, the panel built from them
    <root>/.locks/<dataset>.lock        held by whoever writes it

A version is written beside the current one and made current by replacing the small manifest, so a process that dies at
any point leaves the previous version. What it left behind is removed by the next writer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import polars as pl

from midas.core.clock import Clock
from midas.core.errors import DataBlocked, NotFound, StorageCorrupt, Unavailable, did_you_mean
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata import manifest, panel_files, tick_bars, tick_files
from midas.marketdata.dataset import Dataset, check_name, other_kind
from midas.marketdata.files import TEMPORARY, corrupt, remove, sync_folder, writing
from midas.marketdata.lock import exclusive
from midas.marketdata.panel import Panel
from midas.marketdata.snapshot import Snapshot, content_hash
from midas.marketdata.tick_files import TickContent, TickDay
from midas.marketdata.version import (
    described_as,
    read_actions,
    read_bars,
    read_instruments,
    read_snapshot,
    write_version,
)

_WAIT_S = 10.0
_BUILD_WAIT_S = 120.0

T = TypeVar("T")


class Lake:
    """All datasets under one folder."""

    def __init__(self, root: Path, clock: Clock, *, wait_s: float = _WAIT_S) -> None:
        self.root = root
        self.clock = clock
        self._wait_s = wait_s

    def datasets(self) -> tuple[Dataset, ...]:
        """Return every dataset, by name.

        Raises
        ------
        StorageCorrupt: a manifest cannot be read.
        """
        if not self.root.is_dir():
            return ()
        names = sorted(file.parent.name for file in self.root.glob(f"*/{manifest.NAME}"))
        found = (self._find(name) for name in names if not name.startswith("."))
        return tuple(dataset for dataset in found if dataset is not None)

    def dataset(self, name: str) -> Dataset:
        """Return a dataset.

        Raises
        ------
        NotFound: there is none of that name.
        StorageCorrupt: its manifest cannot be read.
        """
        found = self.find(name)
        if found is None:
            known = [dataset.name for dataset in self.datasets()]
            hint = did_you_mean(name, known) if known else "There is none yet: pull or import one first."
            raise NotFound(f"There is no dataset {name!r}.", hint=hint, code="unknown_dataset")
        return found

    def find(self, name: str) -> Dataset | None:
        """Return a dataset, None when there is none of that name."""
        return self._find(check_name(name))

    def bars(
        self, name: str, symbols: Sequence[str] | None = None, start: date | None = None, end: date | None = None,
        timeframe: Timeframe | None = None,
    ) -> pl.DataFrame:  # fmt: skip
        """Return bars as stored (see `Snapshot.bars`); `symbols` are texts of ids, `start` and `end` inclusive.

        Of ticks those bars are returned that are made of them: `timeframe` says which.

        Raises
        ------
        InvalidInput: the dataset holds ticks, and nobody said which bars.
        DataBlocked: there are none of that length.
        """
        return self._read(
            name, lambda one, folder: read_bars(self._made(one, folder, timeframe)[1], name, symbols, start, end)
        )

    def tick_days(self, name: str) -> dict[date, TickDay]:
        """Return the days of a dataset of ticks, oldest first."""
        return self._read(name, lambda _, folder: tick_files.read_days(folder, name))

    def ticks(self, name: str, day: date, version: str | None = None) -> pl.DataFrame:
        """Return the ticks that arrived on a day (`symbol ts arrived price size`), in their order.

        Raises
        ------
        Unavailable: a version was asked for that another one replaced.
        """
        if version is None:
            return self._read(name, lambda _, folder: tick_files.read_day(folder, name, day))
        try:
            return tick_files.read_day(self.root / name / version, name, day)
        except StorageCorrupt as gone:
            if self.dataset(name).version == version:
                raise
            raise Unavailable(
                f"Dataset {name!r} was replaced while its ticks were read.", hint="Read them again.", code="replaced"
            ) from gone

    def actions(self, name: str) -> pl.DataFrame:
        """Return corporate actions (see `Snapshot.actions`)."""
        return self._read(name, lambda _, folder: read_actions(folder, name))

    def instruments(self, name: str) -> tuple[Instrument, ...]:
        """Return a dataset's instruments, sorted by id."""
        return self._read(name, lambda _, folder: read_instruments(folder, name))

    def panel(self, name: str, timeframe: Timeframe | None = None) -> Panel:
        """Open a dataset's panel, memory-mapped and read-only; the first time, build it.

        Of ticks it is the panel of the bars of that `timeframe`; its version names them, too.

        Raises
        ------
        InvalidInput: the dataset holds ticks, and nobody said which bars.
        DataBlocked: the bars are longer than a day, or there are none.
        StorageFull: no room to build it.
        """
        dataset = self.dataset(name)
        if dataset.timeframe.unit not in "mht" and not dataset.timeframe.is_daily:
            raise DataBlocked(
                f"Dataset {name!r} has {dataset.timeframe} bars; only 1d and shorter ones can be computed with.",
                hint="Import daily bars: a strategy reads weeks and months of them with weekly() and monthly().",
                code="timeframe_unsupported",
            )
        return self._read(name, lambda one, folder: self._open_panel(*self._made(one, folder, timeframe)))

    def write(self, name: str, snapshot: Snapshot) -> Dataset:
        """Make `snapshot` the dataset's current version."""
        dataset, _ = self.update(name, lambda _: snapshot)
        return dataset

    def update(self, name: str, change: Callable[[Snapshot | None], Snapshot]) -> tuple[Dataset, bool]:
        """Replace a dataset by what `change` makes of its present content, alone among writers.

        Returns the dataset and whether anything changed: the same content again keeps the version.

        Raises
        ------
        Busy: another process is writing it.
        StorageFull: no room; nothing has changed.
        """

        def make(current: Dataset | None) -> tuple[Dataset, Callable[[Path], None]]:
            if current is not None and current.timeframe.is_tick:
                raise other_kind(name, "ticks", "bars")
            snapshot = change(None if current is None else read_snapshot(self.root / name / current.version, current))
            described = described_as(name, content_hash(snapshot), snapshot, self.clock.now_utc())
            return described, lambda folder: write_version(folder, snapshot)

        return self._replace(name, make)

    def update_ticks(
        self, name: str, change: Callable[[Dataset | None, Path | None], TickContent]
    ) -> tuple[Dataset, bool]:
        """Replace a dataset of ticks by what `change` makes of the present one and its folder; see `update`."""

        def make(current: Dataset | None) -> tuple[Dataset, Callable[[Path], None]]:
            if current is not None and not current.timeframe.is_tick:
                raise other_kind(name, f"{current.timeframe} bars", "ticks")
            content = change(current, None if current is None else self.root / name / current.version)
            return content.described(name, self.clock.now_utc()), content.write

        return self._replace(name, make)

    def delete(self, name: str) -> None:
        """Remove a dataset.

        Raises
        ------
        NotFound: there is none of that name.
        Busy: another process is writing it.
        """
        check_name(name)
        with writing(f"dataset {name!r}", self.root), self._lock(name):
            folder = self.root / name
            if not folder.is_dir():
                self.dataset(name)  # says what there is instead
            (folder / manifest.NAME).unlink(missing_ok=True)
            remove(folder)

    def _replace(
        self, name: str, make: Callable[[Dataset | None], tuple[Dataset, Callable[[Path], None]]]
    ) -> tuple[Dataset, bool]:
        check_name(name)
        with writing(f"dataset {name!r}", self.root), self._lock(name):
            current = self._find(name)
            dataset, write = make(current)
            if current is not None and current.version == dataset.version:
                return current, False
            _clean(self.root / name, current)
            self._commit(dataset, write)
            return dataset, True

    def _made(self, dataset: Dataset, folder: Path, timeframe: Timeframe | None) -> tuple[Dataset, Path]:
        # The dataset of bars that is meant, and its folder: of ticks that of the bars made of them, now if not before.
        if not dataset.timeframe.is_tick:
            return dataset, folder
        wanted = tick_bars.require_length(dataset.name, timeframe)
        made = tick_bars.folder_of(folder, wanted)
        bars = replace(dataset, timeframe=wanted, version=f"{dataset.version}+{wanted}")
        if not made.is_dir():
            what = f"the {wanted} bars of dataset {dataset.name!r}"
            with writing(what, self.root), self._lock(dataset.name, panel=True):
                tick_bars.make(folder, bars)
        return bars, made

    def _lock(self, name: str, *, panel: bool = False) -> AbstractContextManager[None]:
        # That of a panel is apart from the writer's: a reader need not wait for an import that makes the next version.
        file, what, wait_s = (
            (".panel.lock", "the panel of ", _BUILD_WAIT_S) if panel else (".lock", "dataset ", self._wait_s)
        )
        return exclusive(self.root / ".locks" / f"{name}{file}", f"{what}{name!r}", wait_s, "dataset_busy")

    def _find(self, name: str) -> Dataset | None:
        return manifest.read_manifest(self.root / name, name)

    def _read(self, name: str, reader: Callable[[Dataset, Path], T]) -> T:
        dataset = self.dataset(name)
        try:
            return reader(dataset, self.root / name / dataset.version)
        except StorageCorrupt:
            newer = self.dataset(name)
            if newer.version == dataset.version:
                raise
            # A writer replaced the version, and removed its files, while we were reading them.
            return reader(newer, self.root / name / newer.version)

    def _commit(self, dataset: Dataset, write: Callable[[Path], None]) -> None:
        final = self.root / dataset.name / dataset.version
        beside = final.with_name(f"{TEMPORARY}{uuid4().hex}")
        try:
            write(beside)
            beside.replace(final)
            sync_folder(final.parent)
            manifest.write_manifest(final.parent, dataset)
        except OSError:
            current = self._find(dataset.name)
            if current is None or current.version != dataset.version:
                remove(final)
            raise
        finally:
            remove(beside)

    def _open_panel(self, dataset: Dataset, folder: Path) -> Panel:
        panel = panel_files.open_panel(folder, dataset)
        if panel is not None:
            return panel
        with writing(f"the panel of dataset {dataset.name!r}", self.root), self._lock(dataset.name, panel=True):
            panel_files.build_panel(folder, dataset)
        built = panel_files.open_panel(folder, dataset)
        if built is None:
            raise corrupt(folder, dataset.name, "its panel disappeared while it was built")
        return built


def _clean(folder: Path, current: Dataset | None) -> None:
    if not folder.is_dir():
        return
    keep = {manifest.NAME} if current is None else {manifest.NAME, current.version}
    for entry in folder.iterdir():
        if entry.name not in keep:
            remove(entry)
