"""Samples made of plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from midas.portfolio.measures.sample import Activity, Sample, TradeSample

Reals = np.ndarray[Any, np.dtype[np.float64]]
QUIET = Activity(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0)


def trades(pnl: Any = (), held: Any = None, open_pnl: Any = ()) -> TradeSample:
    gains = np.asarray(pnl, float)
    lengths = np.ones(len(gains)) if held is None else np.asarray(held, float)
    return TradeSample.of(
        gains, gains / 1000, lengths, -np.abs(gains) / 500, np.abs(gains) / 400, np.asarray(open_pnl, float)
    )


def sessions(rows: int, start: str = "2020-01-02") -> Any:
    return np.busday_offset(start, np.arange(rows), roll="forward").astype("datetime64[D]")


def sample(
    equity: Any, *, benchmark: Any = None, exposure: Any = None, done: TradeSample | None = None,
    activity: Activity = QUIET, periods: float = 252.0, risk_free: float = 0.0, days: Any = None,
) -> Sample:  # fmt: skip
    curve = np.asarray(equity, float)
    return Sample.of(
        equity=curve,
        sessions=sessions(len(curve)) if days is None else days,
        gross_exposure=np.ones(len(curve)) if exposure is None else np.asarray(exposure, float),
        benchmark_equity=None if benchmark is None else np.asarray(benchmark, float),
        trades=trades() if done is None else done,
        activity=activity,
        periods_per_year=periods,
        risk_free=risk_free,
        market_change=None,
    )


def walk(seed: int, rows: int, drift: float = 0.0004, step: float = 0.012) -> Reals:
    draw = np.random.default_rng(seed)
    return np.asarray(100_000 * np.exp(np.cumsum(np.append(0.0, draw.normal(drift, step, rows - 1)))))
