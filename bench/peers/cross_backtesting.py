"""Backtesting.py's fills of every job: [row, side, quantity, price].

usage: cross_backtesting.py MARKET.npz JOBS.json
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from rules import Job, held


class Rule(Strategy):
    job: Job
    wanted: np.ndarray

    def init(self) -> None:
        pass

    def next(self) -> None:
        row = len(self.data) - 1
        if self.wanted[row] and not self.wanted[row - 1]:
            shares = math.floor(self.job["weight"] * self.equity / self.data.Close[-1])
            if shares:
                self.buy(size=shares)
        elif self.wanted[row - 1] and not self.wanted[row]:
            self.position.close()


def fills(job: Job, market: dict[str, np.ndarray]) -> list[list[float]]:
    bars = pd.DataFrame({name: market[f"{job['symbol']} {name.lower()}"] for name in ("Open", "High", "Low", "Close")})
    bars.index = pd.DatetimeIndex(market[f"{job['symbol']} days"])
    rule = type("Job", (Rule,), {"job": job, "wanted": held(job, bars["Close"].to_numpy())})
    found = Backtest(bars, rule, cash=job["capital"], commission=job["fee"]).run()
    made = []
    for trade in found["_trades"].itertuples():
        made.append([int(trade.EntryBar), 1, float(trade.Size), float(trade.EntryPrice)])
        made.append([int(trade.ExitBar), -1, float(trade.Size), float(trade.ExitPrice)])
    still_open = found["_strategy"].trades
    made += [[int(trade.entry_bar), 1, float(trade.size), float(trade.entry_price)] for trade in still_open]
    return sorted(made)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    data = dict(np.load(sys.argv[1]))
    print(json.dumps([fills(job, data) for job in json.loads(Path(sys.argv[2]).read_text())]))
