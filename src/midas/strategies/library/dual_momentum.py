"""Relative and absolute momentum together."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class DualMomentum(Strategy):
    """Own the names that rose most, each only while it beats a hurdle.

    Rule: on the last session of each month names are ordered by their return over `lookback` sessions. Of the `top`
    best each gets 1/`top` of the equity if it rose by more than `hurdle`; what is left is cash.

    Source: Antonacci, Risk premia harvesting through dual momentum, Journal of Management and Entrepreneurship 2
    (2017). His hurdle is the return of Treasury bills; here it is a number, 0 unless set.

    Needs: closes of many names. Warm-up: `lookback` sessions.
    """

    lookback: int = param(252, 1, 504, doc="Sessions the return is measured over.")
    top: int = param(5, 1, 500, doc="How many names are held at most.")
    hurdle: float = param(0.0, -1.0, 10.0, doc="Return over `lookback` that a name must beat; 0.02 is 2 %.")
    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        rise = m.close.change(self.lookback)
        return (rise.top(self.top) & (rise > self.hurdle)) * (1 / self.top)
