"""Panels made of plain numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel, build_fields


def panel_of(
    close: NDArray[np.float64],
    sessions: NDArray[np.datetime64] | None = None,
    symbols: list[str] | None = None,
    **fields: NDArray[np.float64],
) -> Panel:
    """Return a panel of closes and the other fields given, (row, name), NaN where a name has no bar."""
    rows, columns = close.shape
    names = symbols or [f"N{column:04d}" for column in range(columns)]
    days = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-01-01") + rows) if sessions is None else sessions
    return Panel(
        dataset="made", version="1", venue="XKRX", timeframe=Timeframe(1, "d"), basis=Basis.SPLIT_ADJUSTED,
        currency="KRW", instruments=tuple(Instrument(InstrumentId(name, "XKRX")) for name in names), sessions=days,
        fields=build_fields({"close": close, **fields}, Actions.none()), actions=Actions.none(),
    )  # fmt: skip


def as_lists(closes: NDArray[np.float64]) -> list[list[float | None]]:
    return [[None if price != price else float(price) for price in row] for row in closes]


def as_array(rows: list[list[float | None]]) -> NDArray[np.float64]:
    return np.array([[np.nan if value is None else value for value in row] for row in rows])
