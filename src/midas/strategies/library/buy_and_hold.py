"""Equal weight, bought once."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class BuyAndHold(Strategy):
    """Buy every name that trades on the first day, in equal weight, and never trade again.

    Rule: on the first session on which any selected name has a bar, each name with a bar that day gets the same weight.
    Names that begin to trade later are not bought. With `every=month_end` it becomes an equal-weight portfolio of all
    names that trade, rebalanced each month.

    Source: the usual yardstick; see Malkiel, A Random Walk Down Wall Street (1973).

    Needs: closes. No warm-up.
    """

    every = Every.ONCE

    def targets(self, m: Market) -> Node:
        return (m.close > 0).normalise()
