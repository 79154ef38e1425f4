"""Mean reversion with Bollinger's bands."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class BollingerReversion(Strategy):
    """Buy what comes back from below its lower band, sell it at the upper one.

    Rule: the bands lie `width` standard deviations below and above the mean of the last `period` closes. A name is
    bought when its close comes back above the lower band and sold when it lies above the upper one. Each name has a
    slot of 1/N of the equity, N being the number of names selected; an empty slot is cash.

    Source: Bollinger, Bollinger on Bollinger Bands (2001), with his 20 sessions and 2 deviations. He divides by n; the
    deviation here divides by n - 1 as everywhere in Midas, which widens the bands by 2.6 % at 20 sessions.

    Needs: closes without gaps in the window. Warm-up: `period` sessions.
    """

    period: int = param(20, 2, 500, doc="Sessions in the mean and the deviation.")
    width: float = param(2.0, 0.1, 10.0, doc="Standard deviations from the mean to a band.")

    def targets(self, m: Market) -> Node:
        middle, reach = m.close.mean(self.period), self.width * m.close.std(self.period)
        return m.hold(entry=m.close.cross_above(middle - reach), exit=m.close > middle + reach).slot()
