"""The runs that other libraries measured for tests/portfolio/golden: real prices, a rule anyone can repeat, no engine.

A run holds a name, with all it has, from the close where the rule turns true to the close where it turns false.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from midas.integrations.sample.parse import package_file, read_stocks

CAPITAL = 100_000.0
STOCKS = ("bokeh_sampledata", "_data/stocks.csv.gz")
Reals = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Case:
    """A name, held while it is above its own mean of `window` closes (0: always), and what it is compared with."""

    symbol: str
    benchmark: str
    start: str
    end: str
    window: int


CASES = {
    "apple held": Case("AAPL.XNAS", "IBM.XNYS", "2003-01-02", "2008-12-31", 0),
    "ibm above its 20-day mean": Case("IBM.XNYS", "MSFT.XNAS", "2000-03-01", "2012-06-29", 20),
    "google above its 100-day mean": Case("GOOG.XNAS", "AAPL.XNAS", "2004-08-19", "2013-03-01", 100),
    "microsoft, half a year": Case("MSFT.XNAS", "AAPL.XNAS", "2011-07-01", "2011-12-30", 10),
    "facebook above its 5-day mean": Case("FB.XNAS", "GOOG.XNAS", "2012-05-18", "2013-03-01", 5),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Daily closes and round trips; see `midas.portfolio.measures.conventions.record.Record`."""

    days: np.ndarray[Any, np.dtype[np.datetime64]]
    equity: Reals
    benchmark: Reals
    held: Reals
    traded: Reals
    profit: Reals
    returns: Reals
    exit_days: np.ndarray[Any, np.dtype[np.datetime64]]
    closed: np.ndarray[Any, np.dtype[np.bool_]]


def run_of(case: Case, prices: pl.DataFrame | None = None) -> Run:
    """Return the run of a case."""
    table = stocks() if prices is None else prices
    days, close = _closes(table, case.symbol, case)
    other_days, other = _closes(table, case.benchmark, case)
    both = np.isin(days, other_days)
    days, close = days[both], close[both]
    benchmark = other[np.isin(other_days, days)]
    held = _held(close, case.window)
    growth = np.append(1.0, np.where(held[:-1] > 0, close[1:] / close[:-1], 1.0))
    equity = CAPITAL * np.cumprod(growth)
    turned = np.diff(np.concatenate(([0.0], held)))
    entries, exits = np.flatnonzero(turned > 0), np.flatnonzero(turned < 0)
    closed = np.arange(len(entries)) < len(exits)
    ends = np.where(closed, np.append(exits, [len(days) - 1] * len(entries))[: len(entries)], len(days) - 1)
    profit = equity[ends] - equity[entries]
    traded = np.where(turned != 0, equity, 0.0)
    return Run(
        days, equity, benchmark, held, traded, profit, close[ends] / close[entries] - 1.0, days[ends], closed
    )  # fmt: skip


def stocks() -> pl.DataFrame:
    """Return the daily stocks of bokeh-sampledata."""
    return read_stocks(package_file(*STOCKS))


def _closes(table: pl.DataFrame, symbol: str, case: Case) -> tuple[Any, Reals]:
    within = pl.col("ts").cast(pl.String).is_between(pl.lit(case.start), pl.lit(case.end))
    one = table.filter(pl.col("symbol") == symbol, within)
    one = one.sort("ts")
    return one["ts"].to_numpy().astype("datetime64[D]"), one["adj_close"].to_numpy().astype(np.float64)


def _held(close: Reals, window: int) -> Reals:
    if window == 0:
        return np.ones(len(close))
    total = np.cumsum(np.append(0.0, close))
    mean = (total[window:] - total[:-window]) / window
    held = np.zeros(len(close))
    held[window - 1 :] = close[window - 1 :] > mean
    return held
