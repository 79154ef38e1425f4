"""Trend following with Keltner's channel."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class KeltnerBreakout(Strategy):
    """Buy a close above its channel, sell it below the channel's middle.

    Rule: the middle is the exponential average of `period` closes, and the channel reaches `width` average true ranges
    of `range_period` sessions above it. A name is bought when its close lies above the channel and sold when it lies
    below the middle. Each name has a slot of 1/N of the equity, N being the number of names selected; an empty slot is
    cash.

    Source: Keltner, How to Make Money in Commodities (1960), in the form of Raschke and Connors, Street Smarts (1995):
    exponential average and average true range.

    Needs: highs, lows and closes. Warm-up: the averages remember for ever; they count as warm once their start weighs
    less than 1e-10.
    """

    period: int = param(20, 2, 500, doc="Sessions of the middle's average.")
    range_period: int = param(10, 1, 500, doc="Sessions of the average true range.")
    width: float = param(2.0, 0.1, 20.0, doc="Average true ranges from the middle to the channel.")

    def targets(self, m: Market) -> Node:
        middle = m.close.ema(self.period)
        return m.hold(entry=m.close > middle + self.width * m.atr(self.range_period), exit=m.close < middle).slot()
