"""A made-up market of realistic size: geometric random walks with late listings, gaps and halts, from a fixed seed."""

from __future__ import annotations

import numpy as np

from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel, build_fields

SEED = 20_260_101
CHANGED_DAILY = 0.02


def market(instruments: int, rows: int, venue: str = "XNAS", seed: int = SEED) -> Panel:
    """Return `instruments` random walks over `rows` weekdays; one in ten lists late, one bar in 200 is missing."""
    draw = np.random.default_rng(seed)
    returns = draw.normal(0.0003, CHANGED_DAILY, (rows, instruments))
    close = 50.0 * np.exp(np.cumsum(returns, axis=0))
    opened = close * np.exp(draw.normal(0, 0.005, close.shape))
    high = np.maximum(opened, close) * (1 + np.abs(draw.normal(0, 0.004, close.shape)))
    low = np.minimum(opened, close) * (1 - np.abs(draw.normal(0, 0.004, close.shape)))
    volume = np.round(draw.lognormal(13, 1, close.shape))
    absent = draw.random(close.shape) < 1 / 200
    listed = np.where(draw.random(instruments) < 0.1, draw.integers(0, max(1, rows // 2), instruments), 0)
    absent |= np.arange(rows)[:, None] < listed
    raw = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    cents = {name: np.where(absent, np.nan, np.round(values, 2)) for name, values in raw.items()}
    cents["high"] = np.fmax(cents["high"], np.fmax(cents["open"], cents["close"]))
    cents["low"] = np.fmin(cents["low"], np.fmin(cents["open"], cents["close"]))
    cents["turnover"] = cents["close"] * cents["volume"]
    sessions = np.busday_offset("2014-01-02", np.arange(rows), roll="forward").astype("datetime64[D]")
    names = tuple(Instrument(InstrumentId(f"S{i:04}", venue), currency="USD") for i in range(instruments))
    return Panel(
        "bench", f"seed-{seed}", venue, Timeframe(1, "d"), Basis.RAW, "USD", names, sessions,
        build_fields(cents, Actions.none()),
    )  # fmt: skip
