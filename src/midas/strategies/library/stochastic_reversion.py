"""Mean reversion with the stochastic oscillator."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class StochasticReversion(Strategy):
    """Buy a turn at the bottom of the recent range, sell one at its top.

    Rule: the oscillator is where the close lies in the range of the last `period` sessions, 0 at its low and 100 at its
    high, averaged over `smooth` sessions. A name is bought when the oscillator comes back above `lower` and sold when
    it comes back below `upper`. Each name has a slot of 1/N of the equity, N being the number of names selected; an
    empty slot is cash.

    Source: Lane, Lane's stochastics, Technical Analysis of Stocks and Commodities 2 (1984), with 14 sessions, an
    average of 3 and levels of 20 and 80.

    Needs: highs, lows and closes without gaps in the window. Warm-up: `period` + `smooth` - 1 sessions.
    """

    period: int = param(14, 2, 500, doc="Sessions of the range.")
    smooth: int = param(3, 1, 100, doc="Sessions of the oscillator's average.")
    lower: float = param(20.0, 0.0, 100.0, doc="Buy when it comes back above this level.")
    upper: float = param(80.0, 0.0, 100.0, doc="Sell when it comes back below this level; higher than `lower`.")

    def check(self) -> None:
        self.require_below("lower", "upper", "lower=20 upper=80")

    def targets(self, m: Market) -> Node:
        floor = m.low.min(self.period)
        place = (100 * (m.close - floor) / (m.high.max(self.period) - floor)).mean(self.smooth)
        return m.hold(entry=place.cross_above(self.lower), exit=place.cross_below(self.upper)).slot()
