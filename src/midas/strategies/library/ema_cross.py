"""Trend following with two exponential averages."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class EmaCross(Strategy):
    """Own a name while its fast exponential average is above the slow one.

    Rule: a name is bought when the exponential average of `fast` closes comes to lie above that of `slow`, and sold
    when it comes to lie below. Each name has a slot of 1/N of the equity, N being the number of names selected; an
    empty slot is cash.

    Source: Appel, Technical Analysis: Power Tools for Active Investors (2005), with his 12 and 26 sessions.

    Needs: closes. Warm-up: the averages remember for ever; they count as warm once their start weighs less than 1e-10.
    """

    fast: int = param(12, 2, 250, doc="Sessions of the fast average; fewer than `slow`.")
    slow: int = param(26, 3, 500, doc="Sessions of the slow average.")

    def check(self) -> None:
        self.require_below("fast", "slow", "fast=12 slow=26")

    def targets(self, m: Market) -> Node:
        fast, slow = m.close.ema(self.fast), m.close.ema(self.slow)
        return m.hold(entry=fast.cross_above(slow), exit=fast.cross_below(slow)).slot()
