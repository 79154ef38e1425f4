"""Trend following with Donchian's channel."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class DonchianBreakout(Strategy):
    """Buy a close above the highest high of weeks, sell one below the lowest low.

    Rule: a name is bought when its close lies above the highest high of the `entry` sessions before, and sold when it
    lies below the lowest low of the `exit` sessions before. Each name has a slot of 1/N of the equity, N being the
    number of names selected; an empty slot is cash.

    Source: Donchian's weekly rule, with the 20 and 10 sessions of the Turtles' first system: Faith, Way of the Turtle
    (2007).

    Needs: highs, lows and closes without gaps in the window. Warm-up: the longer of the two, in sessions.
    """

    entry: int = param(20, 2, 500, doc="Sessions whose highest high must be beaten.")
    exit: int = param(10, 2, 500, doc="Sessions whose lowest low must hold.")

    def targets(self, m: Market) -> Node:
        ceiling, floor = m.high.max(self.entry).shift(1), m.low.min(self.exit).shift(1)
        return m.hold(entry=m.close > ceiling, exit=m.close < floor).slot()
