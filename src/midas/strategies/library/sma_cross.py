"""Trend following with two moving averages."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class SmaCross(Strategy):
    """Own a name while its fast moving average is above the slow one.

    Rule: a name is bought when the mean of its last `fast` closes comes to lie above the mean of its last `slow`, and
    sold when it comes to lie below. Each name has a slot of 1/N of the equity, N being the number of names selected; an
    empty slot is cash. A name whose averages are already apart on the first day waits for the next crossing.

    Source: Brock, Lakonishok and LeBaron, Simple technical trading rules and the stochastic properties of stock
    returns, Journal of Finance 47 (1992). The defaults, about a month and a quarter, are conventional, not tuned.

    Needs: closes without gaps in the window. Warm-up: `slow` sessions.
    """

    fast: int = param(20, 2, 250, doc="Sessions in the fast average; fewer than `slow`.")
    slow: int = param(60, 3, 500, doc="Sessions in the slow average.")

    def check(self) -> None:
        self.require_below("fast", "slow", "fast=20 slow=60")

    def targets(self, m: Market) -> Node:
        fast, slow = m.close.mean(self.fast), m.close.mean(self.slow)
        return m.hold(entry=fast.cross_above(slow), exit=fast.cross_below(slow)).slot()
