"""vectorbt: orders for a share of the equity at the decision's close, filled at the next open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import vectorbt as vbt
from timed import CAPITAL, FIRST, Market, main


def sma_cross(market: Market) -> float:
    """W1: one instrument, SMA 10/50."""
    days = pd.DatetimeIndex(market["days"])
    close, opened = pd.Series(market["close"][:, 0], days), pd.Series(market["open"][:, 0], days)
    fast, slow = vbt.MA.run(close, 10), vbt.MA.run(close, 50)
    wanted = pd.Series(np.nan, days)
    wanted[fast.ma_crossed_above(slow).to_numpy()] = 1.0
    wanted[fast.ma_crossed_below(slow).to_numpy()] = 0.0
    account = vbt.Portfolio.from_orders(
        close.ffill(), wanted.shift(1), size_type="targetpercent", price=opened, val_price=close.ffill().shift(1),
        fees=0.001, init_cash=CAPITAL, freq="1D",
    )  # fmt: skip
    account.stats()
    return float(account.total_return())


def momentum(market: Market) -> float:
    """W2: 12-1 momentum, the 50 best in equal weight, monthly, one cash account."""
    days = pd.DatetimeIndex(market["days"])
    close, opened = pd.DataFrame(market["close"], days), pd.DataFrame(market["open"], days)
    rows = market["speaks"]
    risen = (close.shift(21) / close.shift(252) - 1.0).where(close.notna()).iloc[rows]
    best = risen.rank(axis=1, ascending=False, method="first") <= 50
    wanted = pd.DataFrame(np.nan, days, close.columns)
    wanted.iloc[rows] = best / best.sum(axis=1).to_numpy()[:, None]
    wanted.iloc[rows] = wanted.iloc[rows].where(best.any(axis=1), np.nan)
    valued = close.ffill()
    account = vbt.Portfolio.from_orders(
        valued, wanted.shift(1), size_type="targetpercent", price=opened, val_price=valued.shift(1), fees=0.0015,
        init_cash=CAPITAL, cash_sharing=True, group_by=True, call_seq="auto", freq="1D",
    )  # fmt: skip
    account.stats()
    return float(account.total_return())


SLOWEST = 201
"""Row on which the slowest pair can cross first: all begin there, so that they are compared over one period."""


def sweep_pairs(market: Market) -> float:
    """W3: 10,000 pairs of averages; the total return of the best by Sharpe ratio."""
    days = pd.DatetimeIndex(market["days"])
    close, opened = pd.Series(market["close"][:, 0], days), pd.Series(market["open"][:, 0], days)
    pairs = [(fast, slow) for fast in range(2, 102) for slow in range(102, 202)]
    fast = vbt.MA.run(close, [pair[0] for pair in pairs], short_name="fast")
    slow = vbt.MA.run(close, [pair[1] for pair in pairs], short_name="slow")
    wanted = np.full((len(close), len(pairs)), np.nan)
    wanted[fast.ma_crossed_above(slow).to_numpy()] = 1.0
    wanted[fast.ma_crossed_below(slow).to_numpy()] = 0.0
    wanted[:SLOWEST] = np.nan
    account = vbt.Portfolio.from_orders(
        close, np.vstack((np.full(len(pairs), np.nan), wanted[:-1])), size_type="targetpercent", price=opened,
        val_price=close.shift(1), fees=0.001, init_cash=CAPITAL, freq="1D",
    )  # fmt: skip
    sharpe, total = account.sharpe_ratio().to_numpy(), account.total_return().to_numpy()
    account.max_drawdown()
    return float(total[int(np.nanargmax(sharpe))])


def ema_cross(market: Market) -> float:
    """W5, arrays: one instrument of many bars, EMA 12/48."""
    close, opened = market["close"][:, 0], market["open"][:, 0]
    fast, slow = vbt.MA.run(close, 12, ewm=True).ma.to_numpy(), vbt.MA.run(close, 48, ewm=True).ma.to_numpy()
    above = fast > slow
    wanted = np.full(len(close), np.nan)
    wanted[1:][above[1:] & ~above[:-1]] = 1.0
    wanted[1:][~above[1:] & above[:-1]] = 0.0
    wanted[:FIRST] = np.nan
    account = vbt.Portfolio.from_orders(
        close, np.append(np.nan, wanted[:-1]), size_type="targetpercent", price=opened,
        val_price=np.append(close[0], close[:-1]), fees=0.0001, init_cash=CAPITAL, freq="1min",
    )  # fmt: skip
    return float(account.total_return())


if __name__ == "__main__":
    main("vectorbt", {"W1": sma_cross, "W2": momentum, "W3": sweep_pairs, "W5": ema_cross})
