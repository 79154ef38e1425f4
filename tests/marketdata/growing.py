"""Datasets that grow: a market in a lake, version by version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.core.clock import ManualClock
from midas.marketdata.actions import ActionKind
from midas.marketdata.delisting import GONE_SESSIONS
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.snapshot import ACTION_SCHEMA, CASH_DIVIDEND, RIGHTS, SPLIT, Snapshot

NAME = "grown"
KINDS = {ActionKind.SPLIT: SPLIT, ActionKind.CASH_DIVIDEND: CASH_DIVIDEND, ActionKind.RIGHTS: RIGHTS}
FIELDS = ("open", "high", "low", "close", "volume")
LATER = datetime(2026, 1, 1, tzinfo=UTC)


def clock() -> ManualClock:
    """A clock long after every bar."""
    return ManualClock(LATER)


def snapshot_of(panel: Panel, rows: Iterable[int], columns: Iterable[int] | None = None) -> Snapshot:
    """Return some rows and columns of a panel as a dataset's content, with the corporate actions on those rows."""
    kept, names = sorted(rows), [*range(panel.columns)] if columns is None else sorted(columns)
    fields = {name: panel.matrix(f"raw_{name}") for name in FIELDS}
    parts = []
    for column in names:
        there = [row for row in kept if not np.isnan(fields["close"][row, column])]
        symbol = str(panel.instruments[column].id)
        values = {name: values[there, column] for name, values in fields.items()}
        parts.append(pl.DataFrame({"symbol": [symbol] * len(there), "ts": _times(panel, there), **values}))
    bars = pl.concat(parts).with_columns(pl.col(FIELDS).fill_nan(None)).sort("symbol", "ts")
    seen = set(bars["symbol"].unique())
    told = [
        (str(panel.instruments[column].id), panel.sessions[row].item(), KINDS[ActionKind(kind)], value, "stated")
        for row, column, kind, value in zip(*(part.tolist() for part in _parts(panel)), strict=True)
        if row in kept and str(panel.instruments[column].id) in seen
    ]
    actions = pl.DataFrame(told, schema=ACTION_SCHEMA, orient="row").sort("symbol", "ts", "kind")
    listed = sorted((one for one in panel.instruments if str(one.id) in seen), key=lambda one: str(one.id))
    return Snapshot(panel.venue, panel.timeframe, panel.basis, panel.currency, "test", bars, tuple(listed), actions)


def grow(lake: Lake, panel: Panel, stop: int) -> Panel:
    """Let the dataset hold the first rows of a panel, and return it as it is then."""
    lake.write(NAME, snapshot_of(panel, range(stop)))
    return lake.panel(NAME)


def gone_by_hand(panel: Panel) -> NDArray[np.int64]:
    """Name by name and session by session: where one that had bars had none in so many, for the first time."""
    closes, found = panel.matrix("raw_close"), []
    bounds = [*panel.begins.tolist(), panel.rows]
    for column in range(panel.columns):
        missed = None
        for session, row in enumerate(panel.begins.tolist()):
            if missed == GONE_SESSIONS:
                found.append((row, column))
            if np.isfinite(closes[bounds[session] : bounds[session + 1], column]).any():
                missed = 0
            elif missed is not None:
                missed += 1
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def _parts(panel: Panel) -> tuple[NDArray[np.generic], ...]:
    actions = panel.actions
    return actions.row, actions.instrument, actions.kind, actions.value


def _times(panel: Panel, rows: list[int]) -> pl.Series:
    if panel.stamps is None:
        return pl.Series(panel.sessions[rows].tolist(), dtype=pl.Date)
    return pl.Series(panel.stamps[rows].astype("datetime64[us]")).dt.replace_time_zone("UTC")
