"""Mean reversion measured in standard deviations."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class ZscoreReversion(Strategy):
    """Buy what lies far below its mean, sell it when it is back.

    Rule: the score of a name is the distance of its close from the mean of the last `period`, in standard deviations. A
    name is bought when its score lies below `lower` and sold when it lies above `upper`. Each name has a slot of 1/N of
    the equity, N being the number of names selected; an empty slot is cash.

    Source: Chan, Algorithmic Trading: Winning Strategies and Their Rationale (2013), chapter 3.

    Needs: closes without gaps in the window. Warm-up: `period` - 1 sessions.
    """

    period: int = param(20, 2, 500, doc="Sessions in the mean and the deviation.")
    lower: float = param(-2.0, -10.0, 10.0, doc="Buy below this score.")
    upper: float = param(0.0, -10.0, 10.0, doc="Sell above this score; higher than `lower`.")

    def check(self) -> None:
        self.require_below("lower", "upper", "lower=-2 upper=0")

    def targets(self, m: Market) -> Node:
        score = m.close.zscore(self.period)
        return m.hold(entry=score < self.lower, exit=score > self.upper).slot()
