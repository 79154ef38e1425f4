"""Midas on the workloads, through the public run: what bench/peers/on_*.py are for the others.

usage: python -m bench.ours HOME WORK REPEATS     (HOME has the lake that bench.data wrote)
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from bench.peers.timed import FIRST, main
from midas.backtest.evaluation import evaluate
from midas.backtest.run import run
from midas.backtest.sweep import sweep
from midas.core.clock import SystemClock
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.lake import Lake
from midas.strategies.exits import StopLoss, TrailingStop
from midas.strategies.library.sma_cross import SmaCross
from midas.strategies.param import param
from midas.strategies.registry import build
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy

CLASSICS = (
    "sma_cross", "ema_cross", "macd_cross", "rsi_reversion", "bollinger_reversion", "donchian_breakout",
    "time_series_momentum", "stochastic_reversion", "keltner_breakout", "obv_trend", "zscore_reversion",
)  # fmt: skip


class EmaCross(Strategy):
    """Hold a name while its fast exponential average is above the slow one."""

    fast: int = param(12, 2, 200)
    slow: int = param(48, 3, 500)

    def targets(self, m: Market) -> Node:
        fast, slow = m.close.ema(self.fast), m.close.ema(self.slow)
        return m.hold(entry=fast.cross_above(slow), exit=fast.cross_below(slow)).slot()


class Stopped(Strategy):
    """Strong, liquid, calm names above their average, with stops: fourteen operators over the whole market."""

    every = Every.WEEK_END
    exits = (StopLoss(0.1), TrailingStop(0.15))

    def targets(self, m: Market) -> Node:
        strength = m.close.shift(21).change(126)
        calm = m.close.std(20) / m.close.mean(20)
        trend = (m.close > m.close.mean(100)) & (m.close.ema(12) > m.close.ema(48))
        liquid = m.volume.mean(20) > 100_000
        best = (strength / calm).where(trend & liquid & (m.close.rsi(14) < 80)).top(50)
        return best.normalise()


class Opened:
    """The lake and the strategies. Panels are opened once: a workload is the run, not the opening, except for W9."""

    def __init__(self, home: str) -> None:
        self.lake = Lake(Path(home), SystemClock())
        self.panel = cache(self.lake.panel)
        self.few = cache(lambda: self.panel("whole").select(range(500)))
        self.cross = build("sma_cross", {"fast": 10, "slow": 50})
        self.rotation = build("momentum", {"lookback": 231, "skip": 21, "top": 50})


def sma_cross(data: Opened) -> float:
    return _total(run(data.cross, data.panel("one"), commission_bps=10, lots="fractional"))


def momentum(data: Opened) -> float:
    return _total(run(data.rotation, data.panel("whole"), commission_bps=15, lots="fractional"))


def stopped(data: Opened) -> float:
    return _total(run(Stopped(), data.panel("whole"), commission_bps=15, lots="fractional"))


def momentum_in_korea(data: Opened) -> float:
    """W2 under Korean rules: lots, ticks, price limits, commission and tax of the venue's tables."""
    return _total(run(data.rotation, data.panel("korea")))


def ema_cross(data: Opened) -> float:
    panel = data.panel("minutes")
    start = panel.sessions[FIRST].item()
    return _total(run(EmaCross(), panel, start=start, commission_bps=1, lots="fractional", volume_cap=1.0))


def sweep_pairs(data: Opened) -> float:
    """W3: 10,000 pairs of averages on one instrument; the best one's total return."""
    grid = {"fast": "2:101:1", "slow": "102:201:1"}
    found = sweep(SmaCross, data.panel("one"), grid, metric="sharpe", commission_bps=10, lots="fractional")
    return _total(found.result)


def evaluate_library(data: Opened) -> float:
    """W4: eleven strategies, each on each of 500 instruments alone; the mean total return of the best of each."""
    chosen = [build(name) for name in CLASSICS]
    found = evaluate(data.few(), chosen, commission_bps=10, lots="fractional")
    return float(np.nanmean(found.frame()["total_return"].to_numpy()))


def open_market(data: Opened) -> float:
    """W9: ten years of the whole market, ready to compute."""
    return float(data.lake.panel("whole").series("close", 0)[-1])


def _total(result: object) -> float:
    return float(result.summary["total_return"])  # type: ignore[attr-defined]


WORKS = {
    "W1": sma_cross, "W2": momentum, "W2 KR": momentum_in_korea, "W2b": stopped, "W3": sweep_pairs,
    "W4": evaluate_library, "W5": ema_cross, "W9": open_market,
}  # fmt: skip

if __name__ == "__main__":
    main("midas-quant", WORKS, Opened)
