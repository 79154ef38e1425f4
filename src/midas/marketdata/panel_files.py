"""A panel as files: one array per field, mapped into memory when opened."""

from __future__ import annotations

import json
import os
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
from midas.marketdata.snapshot import CASH_DIVIDEND, RIGHTS, SPLIT
from midas.marketdata.tiles import LANES, Matrix, Tiles, narrow_lanes
from midas.marketdata.trading_day import trading_days
from midas.marketdata.version import read_actions, read_bars, read_instruments
from midas.venues.catalogue import venue

_FOLDER = "panel-1"
"""Named after the layout below: a new layout gets a new number and is built beside."""

_INDEX = "panel.json"
_ACTIONS = "actions.bin"
_SESSIONS = "sessions.bin"
_STAMPS = "stamps.bin"
_FIELDS = ("open", "high", "low", "close", "volume", "turnover")
_KINDS = {SPLIT: ActionKind.SPLIT, CASH_DIVIDEND: ActionKind.CASH_DIVIDEND, RIGHTS: ActionKind.RIGHTS}


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
        shape, offset = tuple(document["shape"]), int(document["offset"])
        arrays = {name: _map(folder / f"{name}.npy", shape, offset) for name in document["arrays"]}
        fields: dict[str, Tiles] = {name: arrays[stored] for name, stored in document["fields"].items()}
        actions = _read_actions(folder / _ACTIONS)
        sessions = _read_axis(folder / _SESSIONS, "datetime64[D]", shape[1])
        stamps = None if dataset.timeframe.is_daily else _read_axis(folder / _STAMPS, "datetime64[s]", shape[1])
    except (OSError, ValueError, KeyError, TypeError) as reason:
        raise corrupt(index, dataset.name, f"the panel built from it is damaged ({reason})") from reason
    return Panel(
        dataset.name, dataset.version, dataset.venue, dataset.timeframe, dataset.basis, dataset.currency,
        instruments, sessions, fields, actions, stamps,
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
    except FileNotFoundError as gone:
        raise corrupt(version, dataset.name, "a newer version took its place") from gone
    finally:
        remove(beside)
    sync_folder(version)


def _map(file: Path, shape: tuple[int, ...], offset: int) -> Tiles:
    # The index knows what np.load would parse from every header. A file cut short is refused here, by its size.
    return np.memmap(file, dtype=np.float64, mode="r", offset=offset, shape=shape)


def _read_axis(file: Path, unit: str, rows: int) -> NDArray[np.datetime64]:
    axis: NDArray[np.datetime64] = np.frombuffer(file.read_bytes(), unit)
    if len(axis) != rows:
        raise ValueError(f"{len(axis)} in {file.name} for {rows} rows")
    return axis


def _read_actions(file: Path) -> Actions:
    row, column, kind, value = np.frombuffer(file.read_bytes(), np.float64).reshape(4, -1)
    return Actions(row.astype(np.int64), column.astype(np.int64), kind.astype(np.int8), value)


def _write_actions(file: Path, actions: Actions) -> None:
    write_whole(
        file, np.stack([actions.row, actions.instrument, actions.kind, actions.value]).astype(np.float64).tobytes()
    )


def _write(folder: Path, version: Path, dataset: Dataset) -> None:
    bars = read_bars(version, dataset.name)
    instruments = read_instruments(version, dataset.name)
    names = [str(instrument.id) for instrument in instruments]
    times = bars["ts"].unique().sort()
    sessions = trading_days(times, venue(dataset.venue, dataset.currency).timezone)
    actions = _actions(read_actions(version, dataset.name), names, sessions)
    columns = [name for name in _FIELDS if name in bars.columns]
    fields = _layout(columns, adjusted=len(actions) > 0)
    arrays = list(dict.fromkeys(fields.values()))
    lanes = LANES if dataset.timeframe.is_daily else narrow_lanes(len(names))
    shape = (max(1, -(-len(names) // lanes)), len(times), lanes)
    offset = _write_arrays(folder, arrays, shape, _blocks(bars, names, times, columns, actions, lanes))
    _write_actions(folder / _ACTIONS, actions)
    write_whole(folder / _SESSIONS, sessions.to_numpy().astype("datetime64[D]").tobytes())
    if not dataset.timeframe.is_daily:
        write_whole(folder / _STAMPS, times.to_numpy().astype("datetime64[s]").tobytes())
    index = {
        "shape": shape,
        "offset": offset,
        "fields": fields,
        "arrays": arrays,
        "instruments": instrument_list.to_json(instruments),
    }
    write_whole(folder / _INDEX, json.dumps(index, ensure_ascii=False).encode())


def _write_arrays(
    folder: Path, names: list[str], shape: tuple[int, int, int], blocks: Iterator[dict[str, Tiles]]
) -> int:
    # Tile after tile, so that a market larger than memory can be built; returns where the numbers begin.
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / f"{name}.npy").open("wb")) for name in names}
        offset = max(_write_header(file, shape) for file in files.values())
        for block in blocks:
            for name, file in files.items():
                file.write(block[name].tobytes())
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    return offset


def _layout(columns: list[str], *, adjusted: bool) -> dict[str, str]:
    stored = {_raw_name(name): _raw_name(name) for name in columns}
    shown = [name for name in ADJUSTED_FIELDS if name in columns]
    return stored | {name: name if adjusted else _raw_name(name) for name in shown}


def _raw_name(column: str) -> str:
    return column if column == "turnover" else f"raw_{column}"


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> int:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.tell()


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
    bars: pl.DataFrame, names: list[str], times: pl.Series, columns: list[str], actions: Actions, lanes_wide: int
) -> Iterator[dict[str, Tiles]]:
    # Bars are sorted by symbol and so are the names: each tile is one slice of the bars.
    values = {name: bars[name].fill_null(float("nan")).to_numpy() for name in columns}
    rows = times.search_sorted(bars["ts"]).to_numpy()
    lengths = dict(bars.group_by("symbol").len().iter_rows())
    counts = np.array([lengths[name] for name in names])
    stops = np.concatenate(([0], np.cumsum(counts)))
    for first in range(0, max(1, len(names)), LANES):
        last = min(first + LANES, len(names))
        part = slice(stops[first], stops[last])
        lanes = np.repeat(np.arange(last - first), counts[first:last])
        raw = {name: _dense(values[name][part], rows[part], lanes, len(times), last - first) for name in columns}
        yield build_fields(raw, _of_columns(actions, first, last), lanes_wide)


def _dense(
    values: NDArray[np.float64], rows: NDArray[np.int64], lanes: NDArray[np.int64], height: int, width: int
) -> Matrix:
    matrix = np.full((height, width), np.nan)
    matrix[rows, lanes] = values
    return matrix


def _of_columns(actions: Actions, first: int, last: int) -> Actions:
    keep = (actions.instrument >= first) & (actions.instrument < last)
    return Actions(actions.row[keep], actions.instrument[keep] - first, actions.kind[keep], actions.value[keep])
