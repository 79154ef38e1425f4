"""The calmest names."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class LowVolatility(Strategy):
    """Own the names that moved least, in equal weight, chosen anew each month.

    Rule: on the last session of each month names are ordered by the standard deviation of their returns over `lookback`
    sessions. The `bottom` calmest get the same weight, all others are sold. Names that did not move at all take no
    part: they were not traded.

    Source: Blitz and van Vliet, The volatility effect: lower risk without lower return, Journal of Portfolio Management
    34 (2007).

    Needs: closes of many names without gaps in the window. Warm-up: `lookback` sessions.
    """

    lookback: int = param(252, 2, 1260, doc="Sessions the deviation is measured over.")
    bottom: int = param(20, 1, 500, doc="How many names are held.")
    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        risk = m.returns.std(self.lookback)
        return risk.where(risk > 0).bottom(self.bottom).normalise()
