"""vectorbt's fills of every job: [row, side, quantity, price].

usage: cross_vectorbt.py MARKET.npz JOBS.json
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import vectorbt as vbt
from rules import Job, held


def fills(job: Job, market: dict[str, np.ndarray]) -> list[list[float]]:
    opened, close = market[f"{job['symbol']} open"], market[f"{job['symbol']} close"]
    wanted = held(job, close)
    turned = np.append(0.0, np.diff(wanted)) != 0
    target = np.where(turned, wanted * job["weight"], np.nan)
    account = vbt.Portfolio.from_orders(
        close, np.append(np.nan, target[:-1]), size_type="targetpercent", size_granularity=1.0, price=opened,
        val_price=np.append(close[0], close[:-1]), fees=job["fee"], init_cash=job["capital"],
    )  # fmt: skip
    orders = account.orders.values
    sides = np.where(orders["side"] == 0, 1, -1)
    return [
        [int(row), int(side), float(size), float(price)]
        for row, side, size, price in zip(orders["idx"], sides, orders["size"], orders["price"], strict=True)
    ]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    data = dict(np.load(sys.argv[1]))
    print(json.dumps([fills(job, data) for job in json.loads(Path(sys.argv[2]).read_text())]))
