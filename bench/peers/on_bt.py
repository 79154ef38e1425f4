"""bt trades at the prices it is given: the opens, with the decisions of the closes before."""

from __future__ import annotations

from itertools import pairwise

import bt
import numpy as np
import pandas as pd
from timed import CAPITAL, Market, main


def run(prices: pd.DataFrame, wanted: pd.DataFrame, rate: float) -> float:
    strategy = bt.Strategy("bench", [bt.algos.WeighTarget(wanted), bt.algos.Rebalance()])
    test = bt.Backtest(
        strategy, prices, initial_capital=CAPITAL, commissions=lambda q, p: abs(q) * p * rate,
        integer_positions=False, progress_bar=False,
    )  # fmt: skip
    found = bt.run(test)
    return float(found.stats.loc["total_return"].iloc[0])


def sma_cross(market: Market) -> float:
    """W1: one instrument, SMA 10/50."""
    days = pd.DatetimeIndex(market["days"])
    close, opened = pd.Series(market["close"][:, 0], days), pd.Series(market["open"][:, 0], days)
    above = close.rolling(10).mean() > close.rolling(50).mean()
    turned = above.astype(float).diff()
    turned.iloc[:50] = np.nan
    wanted = pd.DataFrame({"X": above.astype(float)})[turned.abs() > 0]
    known = opened.ffill().bfill().to_frame("X")
    following = dict(pairwise(days))
    wanted = wanted[wanted.index.isin(following)]
    wanted.index = pd.DatetimeIndex([following[day] for day in wanted.index])
    return run(known, wanted, 0.001)


def momentum(market: Market) -> float:
    """W2: 12-1 momentum, the 50 best in equal weight, monthly, one cash account."""
    days = pd.DatetimeIndex(market["days"])
    close, opened = pd.DataFrame(market["close"], days), pd.DataFrame(market["open"], days)
    rows = market["speaks"]
    rows = rows[rows + 1 < len(days)]
    risen = (close.shift(21) / close.shift(252) - 1.0).where(close.notna()).iloc[rows]
    best = risen.rank(axis=1, ascending=False, method="first") <= 50
    wanted = (best / best.sum(axis=1).to_numpy()[:, None])[best.any(axis=1)]
    following = dict(pairwise(days))
    wanted.index = pd.DatetimeIndex([following[day] for day in wanted.index])
    return run(opened.ffill().bfill(), wanted, 0.0015)


if __name__ == "__main__":
    main("bt", {"W1": sma_cross, "W2": momentum})
