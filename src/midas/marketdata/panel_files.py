"""A panel as files: one array per field, mapped into memory when opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.marketdata import instruments as instrument_list
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.dataset import Dataset
from midas.marketdata.files import TEMPORARY, corrupt, remove, sync_folder, write_whole
from midas.marketdata.panel import ADJUSTED_FIELDS, Panel, build_fields
from midas.marketdata.snapshot import CASH_DIVIDEND, SPLIT
from midas.marketdata.tiles import LANES, Matrix, Tiles
from midas.marketdata.version import read_actions, read_bars, read_instruments

_FOLDER = "panel-1"
"""Named after the layout below: a new layout gets a new number and is built beside."""

_INDEX = "panel.json"
_FIELDS = ("open", "high", "low", "close", "volume", "turnover")
_KINDS = {SPLIT: ActionKind.SPLIT, CASH_DIVIDEND: ActionKind.CASH_DIVIDEND}


def open_panel(version: Path, dataset: Dataset) -> Panel | None:
    """Map a version's panel; None when it was not built yet.

    Raises
    ------
    StorageCorrupt: a file of it is missing or cut short.
    """
    folder = version / _FOLDER
    if not folder.is_dir():
        return None
    index = folder / _INDEX
    try:
        document = json.loads(index.read_bytes())
        instruments = instrument_list.from_json(document["instruments"])
        arrays = {name: _map(folder / f"{name}.npy") for name in document["arrays"]}
        fields: dict[str, Tiles] = {name: arrays[stored] for name, stored in document["fields"].items()}
        actions = Actions(*(np.load(folder / f"action_{part}.npy") for part in ("row", "instrument", "kind", "value")))
        sessions = np.load(folder / "sessions.npy")
    except (OSError, ValueError, KeyError, TypeError) as reason:
        raise corrupt(index, dataset.name, f"the panel built from it is damaged ({reason})") from reason
    return Panel(
        dataset.name, dataset.version, dataset.venue, dataset.timeframe, dataset.basis, dataset.currency,
        instruments, sessions, fields, actions,
    )  # fmt: skip


def build_panel(version: Path, dataset: Dataset) -> None:
    """Build a version's panel beside it and put it in place in one step; nothing to do when it is there."""
    final = version / _FOLDER
    if final.is_dir():
        return
    for leftover in version.glob(f"{TEMPORARY}*"):
        remove(leftover)
    beside = version / f"{TEMPORARY}{uuid4().hex}"
    try:
        beside.mkdir()
        _write(beside, version, dataset)
        sync_folder(beside)
        beside.replace(final)
    finally:
        remove(beside)
    sync_folder(version)


def _map(file: Path) -> Tiles:
    mapped: Tiles = np.load(file, mmap_mode="r")
    return mapped


def _write(folder: Path, version: Path, dataset: Dataset) -> None:
    bars = read_bars(version, dataset.name)
    instruments = read_instruments(version, dataset.name)
    names = [str(instrument.id) for instrument in instruments]
    sessions = bars["ts"].unique().sort()
    actions = _actions(read_actions(version, dataset.name), names, sessions)
    columns = [name for name in _FIELDS if name in bars.columns]
    shape = (max(1, -(-len(names) // LANES)), len(sessions), LANES)
    fields = _layout(columns, adjusted=len(actions) > 0)
    stored = list(dict.fromkeys(fields.values()))
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / f"{name}.npy").open("wb")) for name in stored}
        for file in files.values():
            _write_header(file, shape)
        for block in _blocks(bars, names, sessions, columns, actions):
            for name, file in files.items():
                file.write(block[name].tobytes())
    for part in ("row", "instrument", "kind", "value"):
        np.save(folder / f"action_{part}.npy", getattr(actions, part))
    np.save(folder / "sessions.npy", sessions.to_numpy().astype("datetime64[D]"))
    index = {
        "fields": fields,
        "arrays": stored,
        "instruments": instrument_list.to_json(instruments),
    }
    write_whole(folder / _INDEX, json.dumps(index, ensure_ascii=False).encode())


def _layout(columns: list[str], *, adjusted: bool) -> dict[str, str]:
    stored = {_raw_name(name): _raw_name(name) for name in columns}
    shown = [name for name in ADJUSTED_FIELDS if name in columns]
    return stored | {name: name if adjusted else _raw_name(name) for name in shown}


def _raw_name(column: str) -> str:
    return column if column == "turnover" else f"raw_{column}"


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})


def _actions(stored: pl.DataFrame, names: list[str], sessions: pl.Series) -> Actions:
    column_of = {name: column for column, name in enumerate(names)}
    known = stored.filter(pl.col("symbol").is_in(names) & (pl.col("ts") <= sessions[-1]))
    if known.is_empty():
        return Actions.none()
    # An ex-date on which nothing traded takes effect on the next session.
    row = sessions.search_sorted(known["ts"]).to_numpy().astype(np.int64)
    column = np.array([column_of[name] for name in known["symbol"]], dtype=np.int64)
    kind = np.array([_KINDS[name] for name in known["kind"]], dtype=np.int8)
    order = np.lexsort((kind, column, row))
    return Actions(row[order], column[order], kind[order], known["value"].to_numpy()[order])


def _blocks(
    bars: pl.DataFrame, names: list[str], sessions: pl.Series, columns: list[str], actions: Actions
) -> Iterator[dict[str, Tiles]]:
    # Bars are sorted by symbol and so are the names: each tile is one slice of the bars.
    values = {name: bars[name].fill_null(float("nan")).to_numpy() for name in columns}
    rows = sessions.search_sorted(bars["ts"]).to_numpy()
    lengths = dict(bars.group_by("symbol").len().iter_rows())
    counts = np.array([lengths[name] for name in names])
    stops = np.concatenate(([0], np.cumsum(counts)))
    for first in range(0, max(1, len(names)), LANES):
        last = min(first + LANES, len(names))
        part = slice(stops[first], stops[last])
        lanes = np.repeat(np.arange(last - first), counts[first:last])
        raw = {name: _dense(values[name][part], rows[part], lanes, len(sessions), last - first) for name in columns}
        yield build_fields(raw, _of_columns(actions, first, last))


def _dense(
    values: NDArray[np.float64], rows: NDArray[np.int64], lanes: NDArray[np.int64], height: int, width: int
) -> Matrix:
    matrix = np.full((height, width), np.nan)
    matrix[rows, lanes] = values
    return matrix


def _of_columns(actions: Actions, first: int, last: int) -> Actions:
    keep = (actions.instrument >= first) & (actions.instrument < last)
    return Actions(actions.row[keep], actions.instrument[keep] - first, actions.kind[keep], actions.value[keep])
