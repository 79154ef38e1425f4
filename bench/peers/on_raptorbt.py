"""raptorbt: signals filled at the next open, with all the cash there is at that open."""

from __future__ import annotations

import numpy as np
import raptorbt
from timed import CAPITAL, FIRST, Market, main


def crossing(market: Market, fast: np.ndarray, slow: np.ndarray, skip: int, fees: float) -> float:
    above = fast > slow
    known = np.arange(len(above)) >= skip
    entries = known & above & ~np.append(False, above[:-1])
    exits = known & ~above & np.append(False, above[:-1])
    stamps = market["days"].astype("datetime64[ns]").astype(np.int64)
    columns = [np.ascontiguousarray(market[name][:, 0]) for name in ("open", "high", "low", "close", "volume")]
    settings = raptorbt.BacktestConfig(initial_capital=CAPITAL, fees=fees, fill_timing="next_bar_open")
    found = raptorbt.run_single_backtest(stamps, *columns, entries, exits, 1, 1.0, "X", settings)
    return found.metrics.total_return_pct / 100.0


def sma_cross(market: Market) -> float:
    """W1: one instrument, SMA 10/50."""
    close = np.ascontiguousarray(market["close"][:, 0])
    return crossing(market, raptorbt.sma(close, 10), raptorbt.sma(close, 50), 50, 0.001)


SLOWEST = 201
"""Row on which the slowest pair can cross first: all begin there, so that they are compared over one period."""


def sweep_pairs(market: Market) -> float:
    """W3: 10,000 pairs of averages; the total return of the best by Sharpe ratio."""
    close = np.ascontiguousarray(market["close"][:, 0])
    columns = [np.ascontiguousarray(market[name][:, 0]) for name in ("open", "high", "low", "close", "volume")]
    stamps = market["days"].astype("datetime64[ns]").astype(np.int64)
    averages = {n: raptorbt.sma(close, n) for n in range(2, 202)}
    items = []
    for fast in range(2, 102):
        for slow in range(102, 202):
            above = averages[fast] > averages[slow]
            before = np.append(False, above[:-1])
            known = np.arange(len(close)) >= SLOWEST
            items.append(raptorbt.BatchSingleItem(f"{fast} {slow}", known & above & ~before, known & ~above & before))
    settings = raptorbt.BacktestConfig(initial_capital=CAPITAL, fees=0.001, fill_timing="next_bar_open")
    found = [result.metrics for _, result in raptorbt.batch_single_backtest(stamps, *columns, items, settings)]
    return max(found, key=lambda metrics: metrics.sharpe_ratio).total_return_pct / 100.0


def ema_cross(market: Market) -> float:
    """W5, arrays: one instrument of many bars, EMA 12/48."""
    close = np.ascontiguousarray(market["close"][:, 0])
    return crossing(market, raptorbt.ema(close, 12), raptorbt.ema(close, 48), FIRST, 0.0001)


if __name__ == "__main__":
    main("raptorbt", {"W1": sma_cross, "W3": sweep_pairs, "W5": ema_cross})
