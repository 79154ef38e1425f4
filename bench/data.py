"""The markets of the benchmark on disk: a lake for Midas, .npz files for the peers; made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl

from bench.market import market, minutes
from midas.core.clock import SystemClock
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.snapshot import Snapshot
from midas.strategies.schedule import Every, speaking_rows
from midas.venues.catalogue import venue

FOLDER = Path(__file__).with_name(".data")
LAKE = FOLDER / "lake"
MARKETS = {
    "W1": "one",
    "W2": "whole",
    "W2 KR": "korea",
    "W2b": "whole",
    "W3": "one",
    "W4": "whole",
    "W5": "minutes",
    "W9": "whole",
}
_FIELDS = ("open", "high", "low", "close", "volume")
_ROWS, _NAMES, _MINUTES = 2_520, 3_000, 1_000_000


def prepare() -> None:
    """Write what is not there yet."""
    if (FOLDER / "done").exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    lake = Lake(LAKE, SystemClock())
    for name, panel in (
        ("one", market(1, _ROWS, whole=True)),
        ("whole", market(_NAMES, _ROWS)),
        ("korea", market(_NAMES, _ROWS, venue="XKRX")),
        ("minutes", minutes(_MINUTES)),
    ):
        print(f"writing {name}", flush=True)
        lake.write(name, _snapshot(panel))
        opened = lake.panel(name)
        if name != "korea":
            np.savez(peer_file(name), days=opened.times, speaks=_month_ends(opened), **_matrices(opened))
    (FOLDER / "done").touch()


def peer_file(name: str) -> Path:
    """Return the file a peer reads a market from."""
    return FOLDER / f"{name}.npz"


def _matrices(panel: Panel) -> dict[str, np.ndarray]:
    return {name: panel.matrix(name) for name in _FIELDS}


def _month_ends(panel: Panel) -> np.ndarray:
    if panel.rows > _ROWS:
        return np.empty(0, np.int64)
    return speaking_rows(Every.MONTH_END, venue(panel.venue, panel.currency).calendar, panel, 0, panel.rows)


def _times(panel: Panel, names: int) -> pl.Series:
    if panel.stamps is None:
        return pl.Series(np.tile(panel.sessions.astype("datetime64[D]").astype(np.int32), names)).cast(pl.Date)
    seconds = pl.Series(np.tile(panel.stamps.astype("datetime64[s]").astype(np.int64), names))
    return (seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))


def _snapshot(panel: Panel) -> Snapshot:
    columns = {name: panel.matrix(name).T.ravel() for name in (*_FIELDS, "turnover")}
    names = [str(instrument.id) for instrument in panel.instruments]
    frame = pl.DataFrame(
        {
            "symbol": np.repeat(names, panel.rows),
            "ts": _times(panel, len(names)),
            **columns,
        }
    ).filter(pl.col("close").is_not_nan())
    return Snapshot(
        panel.venue, panel.timeframe, panel.basis, panel.currency, "bench", frame.fill_nan(None), panel.instruments
    )
