"""Markets in memory: random walks with the gaps real ones have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.factors.evaluate import evaluate
from midas.factors.node import Node
from midas.factors.plan import compile_plan
from midas.factors.text import parse
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel, build_fields

Matrix = NDArray[np.float64]


def panel_of(raw: dict[str, Matrix]) -> Panel:
    rows, columns = raw["close"].shape
    return Panel(
        "test", "1", "XNAS", Timeframe.parse("1d"), Basis.RAW, "USD",
        tuple(Instrument(InstrumentId(f"S{i:04}", "XNAS")) for i in range(columns)),
        np.datetime64("2020-01-01") + np.arange(rows), build_fields(raw, Actions.none()),
    )  # fmt: skip


def closes(*columns: list[float]) -> Panel:
    return panel_of({"close": np.array(columns, float).T})


def bars(rows: int, columns: int, seed: int = 0, gaps: float = 0.0) -> dict[str, Matrix]:
    """`gaps` is the share of bars that are missing; then some names also list late, end early and are halted."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (rows, columns)), axis=0))
    opening = close * np.exp(rng.normal(0, 0.01, (rows, columns)))
    high = np.maximum(opening, close) * (1 + rng.uniform(0, 0.02, (rows, columns)))
    low = np.minimum(opening, close) * (1 - rng.uniform(0, 0.02, (rows, columns)))
    volume = np.floor(rng.uniform(0, 1e6, (rows, columns)))
    raw = {"close": close, "open": opening, "high": high, "low": low, "volume": volume, "turnover": close * volume}
    if gaps:
        still = rng.random((rows, columns)) < gaps / 2
        close[1:][still[1:]] = close[:-1][still[1:]]
        absent = rng.random((rows, columns)) < gaps
        for column in range(columns):
            if rng.random() < 0.3:
                absent[: rng.integers(0, rows), column] = True
            if rng.random() < 0.1:
                absent[rng.integers(0, rows) :, column] = True
        halted = rng.random((rows, columns)) < gaps / 4
        for name, matrix in raw.items():
            matrix[absent] = np.nan
            if name in ("open", "high", "low"):
                matrix[halted] = np.nan
    return raw


def values(expression: str | Node, panel: Panel, rows: NDArray[np.int64] | None = None, **options: int) -> Matrix:
    node = parse(expression) if isinstance(expression, str) else expression
    wanted = np.arange(panel.rows) if rows is None else rows
    return evaluate(compile_plan(node), panel, options.pop("first_row", 0), panel.rows, wanted, **options)


def same(one: Matrix, other: Matrix) -> bool:
    """The same bits, any NaN counting as the same."""
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=True))
