"""Trend following with the convergence of two averages."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class MacdCross(Strategy):
    """Own a name while its MACD line is above its signal line.

    Rule: the line is the exponential average of `fast` closes less that of `slow`; the signal is the exponential
    average of `signal` values of the line. A name is bought when the line comes to lie above the signal and sold when
    it comes to lie below. Each name has a slot of 1/N of the equity, N being the number of names selected; an empty
    slot is cash.

    Source: Appel, The Moving Average Convergence-Divergence Trading Method (1979), with his 12, 26 and 9 sessions.

    Needs: closes. Warm-up: the averages remember for ever; they count as warm once their start weighs less than 1e-10.
    """

    fast: int = param(12, 2, 250, doc="Sessions of the fast average; fewer than `slow`.")
    slow: int = param(26, 3, 500, doc="Sessions of the slow average.")
    signal: int = param(9, 2, 250, doc="Values of the line in its own average.")

    def check(self) -> None:
        self.require_below("fast", "slow", "fast=12 slow=26")

    def targets(self, m: Market) -> Node:
        line = m.close.ema(self.fast) - m.close.ema(self.slow)
        signal = line.ema(self.signal)
        return m.hold(entry=line.cross_above(signal), exit=line.cross_below(signal)).slot()
