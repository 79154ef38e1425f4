"""Backtesting.py: one instrument, market orders at the next open, its own sizing with all the cash there is."""

from __future__ import annotations

import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest, crossover
from timed import CAPITAL, Market, main


def mean(values: object, window: int) -> pd.Series:
    return pd.Series(values).rolling(window).mean()


class Cross(Strategy):
    def init(self) -> None:
        self.fast = self.I(mean, self.data.Close, 10)
        self.slow = self.I(mean, self.data.Close, 50)

    def next(self) -> None:
        if crossover(self.fast, self.slow):
            self.buy()
        elif crossover(self.slow, self.fast):
            self.position.close()


def sma_cross(market: Market) -> float:
    """W1: one instrument, SMA 10/50."""
    columns = {name.title(): market[name][:, 0] for name in ("open", "high", "low", "close", "volume")}
    bars = pd.DataFrame(columns, pd.DatetimeIndex(market["days"])).dropna()
    test = FractionalBacktest(bars, Cross, cash=CAPITAL, commission=0.001, finalize_trades=True)
    return float(test.run()["Return [%]"]) / 100.0


if __name__ == "__main__":
    main("backtesting", {"W1": sma_cross})
