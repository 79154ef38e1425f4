"""A run's series as other libraries are fed."""

from __future__ import annotations

import numpy as np
import polars as pl

from midas.portfolio.measures.conventions.record import Record, TradeRecord


def record_of(equity: pl.DataFrame, trades: pl.DataFrame, fills: pl.DataFrame) -> Record:
    """Return what a run left behind, from its equity, trades and fills as `frames` makes them."""
    days = equity["ts"].to_numpy().astype("datetime64[D]")
    by_exit = trades.sort("exit_ts", nulls_last=True, maintain_order=True)
    record = TradeRecord(
        by_exit["pnl"].to_numpy(), by_exit["return"].to_numpy(), by_exit["exit_ts"].is_not_null().to_numpy()
    )
    traded = np.zeros(len(days))
    value = (fills["quantity"] * fills["price"]).to_numpy().astype(np.float64)
    np.add.at(traded, np.searchsorted(days, fills["ts"].to_numpy().astype("datetime64[D]")), value)
    return Record(
        days=days,
        equity=equity["equity"].to_numpy(),
        gross_exposure=equity["gross_exposure"].to_numpy(),
        traded=traded,
        benchmark=equity["benchmark"].to_numpy(),
        trades=record,
        fees=float(fills["commission"].to_numpy().sum() + fills["tax"].to_numpy().sum()),
        orders=fills["order_id"].n_unique(),
    )
