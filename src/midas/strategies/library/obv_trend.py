"""Trend following with on-balance volume."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class ObvTrend(Strategy):
    """Own a name while more of its volume comes on rising days than on falling ones.

    Rule: the change of on-balance volume over `period` sessions is the volume of days that closed higher less that of
    days that closed lower. A name is bought when it comes to lie above zero and sold when it comes to lie below. Each
    name has a slot of 1/N of the equity, N being the number of names selected; an empty slot is cash.

    Source: Granville, New Key to Stock Market Profits (1963). Its level depends on where the counting began; its change
    over a window does not, so the change is used.

    Needs: closes and volumes without gaps in the window. Warm-up: `period` + 1 sessions.
    """

    period: int = param(20, 2, 500, doc="Sessions over which volume is counted.")

    def targets(self, m: Market) -> Node:
        pressure = (m.returns.sign() * m.volume).sum(self.period)
        return m.hold(entry=pressure.cross_above(0), exit=pressure.cross_below(0)).slot()
