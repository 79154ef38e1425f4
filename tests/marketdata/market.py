"""A clean made-up market, and ways to spoil it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from midas.core.basis import Basis
from midas.core.clock import ManualClock
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.snapshot import Snapshot, no_actions
from midas.marketdata.source import RawBars
from midas.venues.catalogue import venue

NOW = datetime(2020, 6, 30, 12, 0, tzinfo=UTC)
DAILY = Timeframe(1, "d")


def clock() -> ManualClock:
    return ManualClock(NOW)


def clean_bars(
    symbols: int = 3, first: date = date(2019, 1, 2), last: date = date(2019, 12, 30), seed: int = 1
) -> pl.DataFrame:
    """Bars on real sessions and on the cent, moving 1 % a day, with the open within the day's range."""
    rng = np.random.default_rng(seed)
    days = venue("XNYS").calendar.sessions(first, last)
    frames = []
    for number in range(symbols):
        close = 50.0 * (number + 1) * np.exp(np.cumsum(rng.normal(0, 0.01, len(days))))
        opened = close * np.exp(rng.normal(0, 0.004, len(days)))
        high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, 0.003, len(days))))
        low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, 0.003, len(days))))
        frames.append(
            pl.DataFrame(
                {
                    "symbol": [f"S{number:02d}.XNYS"] * len(days),
                    "ts": days,
                    "open": opened.round(2),
                    "high": high.round(2),
                    "low": low.round(2),
                    "close": close.round(2),
                    "volume": rng.lognormal(12, 0.4, len(days)).round(),
                }
            )
        )
    return pl.concat(frames)


def instruments_of(frame: pl.DataFrame) -> tuple[Instrument, ...]:
    ids = (InstrumentId.parse(text) for text in frame["symbol"].unique().sort())
    return tuple(Instrument(one, currency="USD") for one in ids)


def raw(frame: pl.DataFrame, basis: Basis | None = Basis.RAW, dataset: str | None = "made", **changes) -> RawBars:
    given = {
        "dataset": dataset,
        "venue": "XNYS",
        "timeframe": DAILY,
        "frame": frame,
        "basis": basis,
        "currency": "USD",
        "source": "made up",
        "instruments": instruments_of(frame),
    }
    return RawBars(**(given | changes))


def snapshot(frame: pl.DataFrame, actions: pl.DataFrame | None = None, basis: Basis = Basis.RAW) -> Snapshot:
    return Snapshot(
        "XNYS", DAILY, basis, "USD", "made up", frame.sort("symbol", "ts"), instruments_of(frame),
        no_actions() if actions is None else actions,
    )  # fmt: skip


def at(row: int, column: str, value: float) -> pl.Expr:
    """The column with one row changed."""
    return pl.when(pl.int_range(pl.len()) == row).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
