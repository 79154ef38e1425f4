"""Datasets on disk: versioned, whole or absent, one writer at a time.

    <root>/<dataset>/manifest.json      which version is current, and what it is
    <root>/<dataset>/<version>/         bars by year, actions, instruments, the panel built from them
    <root>/.locks/<dataset>.lock        held by whoever writes it

A version is written beside the current one and made current by replacing the small manifest, so a process that dies at
any point leaves the previous version. What it left behind is removed by the next writer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import polars as pl

from midas.core.clock import Clock
from midas.core.errors import DataBlocked, InvalidInput, NotFound, StorageCorrupt, did_you_mean
from midas.core.instrument import Instrument
from midas.marketdata import panel_files
from midas.marketdata.dataset import Dataset, check_name
from midas.marketdata.files import TEMPORARY, corrupt, remove, replace_whole, sync_folder, writing
from midas.marketdata.lock import exclusive
from midas.marketdata.panel import Panel
from midas.marketdata.snapshot import Snapshot, content_hash
from midas.marketdata.trading_day import trading_days
from midas.marketdata.version import read_actions, read_bars, read_instruments, write_version
from midas.venues.catalogue import venue

_FORMAT = 1
_MANIFEST = "manifest.json"
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
        names = sorted(file.parent.name for file in self.root.glob(f"*/{_MANIFEST}"))
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
        self, name: str, symbols: Sequence[str] | None = None, start: date | None = None, end: date | None = None
    ) -> pl.DataFrame:
        """Return bars as stored (see `Snapshot.bars`); `symbols` are texts of ids, `start` and `end` inclusive."""
        return self._read(name, lambda _, folder: read_bars(folder, name, symbols, start, end))

    def actions(self, name: str) -> pl.DataFrame:
        """Return corporate actions (see `Snapshot.actions`)."""
        return self._read(name, lambda _, folder: read_actions(folder, name))

    def instruments(self, name: str) -> tuple[Instrument, ...]:
        """Return a dataset's instruments, sorted by id."""
        return self._read(name, lambda _, folder: read_instruments(folder, name))

    def panel(self, name: str) -> Panel:
        """Open a dataset's panel, memory-mapped and read-only; the first time, build it.

        Raises
        ------
        DataBlocked: the bars are longer than a day.
        StorageFull: no room to build it.
        """
        dataset = self.dataset(name)
        if not (dataset.timeframe.is_daily or dataset.timeframe.is_intraday):
            raise DataBlocked(
                f"Dataset {name!r} has {dataset.timeframe} bars; only 1d and shorter ones can be computed with.",
                hint="Import daily bars: a strategy reads weeks and months of them with weekly() and monthly().",
                code="timeframe_unsupported",
            )
        return self._read(name, self._open_panel)

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
        check_name(name)
        with writing(f"dataset {name!r}", self.root), self._lock(name):
            current = self._find(name)
            snapshot = change(None if current is None else self._snapshot(current))
            version = content_hash(snapshot)
            if current is not None and current.version == version:
                return current, False
            dataset = self._describe(name, version, snapshot)
            self._clean(name, current)
            self._commit(dataset, snapshot)
            return dataset, True

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
            (folder / _MANIFEST).unlink(missing_ok=True)
            remove(folder)

    def _lock(self, name: str) -> AbstractContextManager[None]:
        return exclusive(self.root / ".locks" / f"{name}.lock", f"dataset {name!r}", self._wait_s, "dataset_busy")

    def _panel_lock(self, name: str) -> AbstractContextManager[None]:
        # Apart from the writer's: a reader need not wait for an import that makes the next version.
        return exclusive(
            self.root / ".locks" / f"{name}.panel.lock", f"the panel of {name!r}", _BUILD_WAIT_S, "dataset_busy"
        )

    def _find(self, name: str) -> Dataset | None:
        file = self.root / name / _MANIFEST
        try:
            document = json.loads(file.read_bytes())
            if document["format"] != _FORMAT:
                raise corrupt(file, name, f"it has format {document['format']}, this Midas reads {_FORMAT}")
            return Dataset.from_json(document["dataset"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, InvalidInput) as reason:
            raise corrupt(file, name, f"it is damaged ({reason})") from reason

    def _read(self, name: str, reader: Callable[[Dataset, Path], T]) -> T:
        dataset = self.dataset(name)
        try:
            return reader(dataset, self._folder(dataset))
        except StorageCorrupt:
            newer = self.dataset(name)
            if newer.version == dataset.version:
                raise
            # A writer replaced the version, and removed its files, while we were reading them.
            return reader(newer, self._folder(newer))

    def _folder(self, dataset: Dataset) -> Path:
        return self.root / dataset.name / dataset.version

    def _snapshot(self, dataset: Dataset) -> Snapshot:
        folder = self._folder(dataset)
        return Snapshot(
            dataset.venue, dataset.timeframe, dataset.basis, dataset.currency, dataset.source,
            read_bars(folder, dataset.name), read_instruments(folder, dataset.name), read_actions(folder, dataset.name),
            dataset.notes,
        )  # fmt: skip

    def _describe(self, name: str, version: str, snapshot: Snapshot) -> Dataset:
        days = trading_days(snapshot.bars["ts"], venue(snapshot.venue, snapshot.currency).timezone)
        first, last = days.min(), days.max()
        if not isinstance(first, date) or not isinstance(last, date):
            raise DataBlocked(f"Dataset {name!r} would hold no bars.", hint="Check the source.", code="empty")
        return Dataset(
            name, version, snapshot.venue, snapshot.timeframe, snapshot.basis, snapshot.currency, snapshot.source,
            snapshot.bars.height, len(snapshot.instruments), first, last, self.clock.now_utc(), snapshot.notes,
        )  # fmt: skip

    def _commit(self, dataset: Dataset, snapshot: Snapshot) -> None:
        final = self._folder(dataset)
        beside = final.with_name(f"{TEMPORARY}{uuid4().hex}")
        manifest = {"format": _FORMAT, "dataset": dataset.to_json()}
        try:
            write_version(beside, snapshot)
            beside.replace(final)
            sync_folder(final.parent)
            replace_whole(final.parent / _MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        except OSError:
            current = self._find(dataset.name)
            if current is None or current.version != dataset.version:
                remove(final)
            raise
        finally:
            remove(beside)

    def _clean(self, name: str, current: Dataset | None) -> None:
        folder = self.root / name
        if not folder.is_dir():
            return
        keep = {_MANIFEST} if current is None else {_MANIFEST, current.version}
        for entry in folder.iterdir():
            if entry.name not in keep:
                remove(entry)

    def _open_panel(self, dataset: Dataset, folder: Path) -> Panel:
        panel = panel_files.open_panel(folder, dataset)
        if panel is not None:
            return panel
        with writing(f"the panel of dataset {dataset.name!r}", self.root), self._panel_lock(dataset.name):
            panel_files.build_panel(folder, dataset)
        built = panel_files.open_panel(folder, dataset)
        if built is None:
            raise corrupt(folder, dataset.name, "its panel disappeared while it was built")
        return built
