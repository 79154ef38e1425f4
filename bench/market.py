"""A made-up market of realistic size: geometric random walks with late listings, gaps and halts, from a fixed seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel, build_fields

Prices = np.ndarray[Any, np.dtype[np.float64]]
Days = np.ndarray[Any, np.dtype[np.datetime64]]

SEED = 20_260_101
CHANGED_DAILY = 0.02
MINUTE = 0.0005
SESSION_MINUTES = 390


def market(instruments: int, rows: int, venue: str = "XNAS", seed: int = SEED, whole: bool = False) -> Panel:
    """Return `instruments` random walks over `rows` weekdays; one in ten lists late, one bar in 200 is missing.

    A `whole` market has every bar.
    """
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
    if whole:
        absent[:] = False
    raw = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    sessions = np.busday_offset("2014-01-02", np.arange(rows), roll="forward").astype("datetime64[D]")
    return _panel({name: np.where(absent, np.nan, values) for name, values in raw.items()}, sessions, venue)


def minutes(rows: int, seed: int = SEED) -> Panel:
    """Return one random walk of the size of a minute bar's, in sessions of 390 minutes."""
    draw = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(draw.normal(0.0, MINUTE, (rows, 1)), axis=0))
    opened = np.vstack((close[:1], close[:-1])) * np.exp(draw.normal(0, MINUTE / 4, close.shape))
    raw = {"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close), "close": close}
    raw["volume"] = np.full(close.shape, 1e6)
    day, minute = np.divmod(np.arange(rows), SESSION_MINUTES)
    sessions = np.busday_offset("2014-01-02", day, roll="forward").astype("datetime64[D]")
    opens = sessions.astype("datetime64[s]") + np.timedelta64(14 * 60 + 30, "m")
    return _panel(raw, sessions, "XNAS", opens + (minute + 1) * np.timedelta64(60, "s"))


def _panel(raw: dict[str, Prices], sessions: Days, venue: str, stamps: Days | None = None) -> Panel:
    digits, currency = (-2, "KRW") if venue == "XKRX" else (2, "USD")
    scale = 1000.0 if venue == "XKRX" else 1.0
    cents = {
        name: np.round(values * scale, digits) if name != "volume" else np.round(values) for name, values in raw.items()
    }
    cents["high"] = np.fmax(cents["high"], np.fmax(cents["open"], cents["close"]))
    cents["low"] = np.fmin(cents["low"], np.fmin(cents["open"], cents["close"]))
    cents["turnover"] = cents["close"] * cents["volume"]
    instruments = raw["close"].shape[1]
    names = tuple(Instrument(InstrumentId(f"S{i:04}", venue), currency=currency) for i in range(instruments))
    timeframe = Timeframe(1, "d" if stamps is None else "m")
    return Panel(
        "bench", "made-up", venue, timeframe, Basis.RAW, currency, names, sessions,
        build_fields(cents, Actions.none()), stamps=stamps,
    )  # fmt: skip
