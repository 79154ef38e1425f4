"""Cross-sectional momentum."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class Momentum(Strategy):
    """Own the names that rose most, in equal weight, chosen anew each month.

    Rule: on the last session of each month names are ordered by their return over the `lookback` sessions that ended
    `skip` sessions ago. The `top` best get the same weight, all others are sold. Only names with a bar on that session
    and on both ends of the window take part; of equals the first in order of id is chosen.

    Source: Jegadeesh and Titman, Returns to buying winners and selling losers, Journal of Finance 48 (1993). The latest
    month is left out because it tends to reverse: Jegadeesh, Journal of Finance 45 (1990).

    Needs: closes of many names. Warm-up: `lookback` + `skip` sessions.
    """

    lookback: int = param(126, 1, 504, doc="Sessions the return is measured over.")
    skip: int = param(21, 0, 63, doc="Latest sessions that are left out.")
    top: int = param(20, 1, 500, doc="How many names are held.")
    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        return m.close.shift(self.skip).change(self.lookback).top(self.top).normalise()
