"""Strategies for tests."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.definition import Definition
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class Threshold(Strategy):
    """Own a name in its slot while it closed above a level."""

    level: float = param(0.0, -1e9, 1e9)

    def targets(self, m: Market) -> Node:
        return (m.close > self.level).slot()


class Rebalanced(Strategy):
    """Equal weight of everything that trades, every bar."""

    every = Every.BAR

    def targets(self, m: Market) -> Node:
        return (m.close > 0).normalise()


class Averaged(Strategy):
    """Own what closed above its own average, in equal weight, every bar."""

    window: int = param(5, 1, 200)
    every = Every.BAR

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(self.window)).normalise()


class Traded(Strategy):
    """Own what had volume."""

    def targets(self, m: Market) -> Node:
        return (m.volume > 0).slot()


class Short(Strategy):
    """The opposite of everything, every bar."""

    every = Every.BAR

    def targets(self, m: Market) -> Node:
        return -(m.close > 0).normalise()


class MonthEnd(Strategy):
    """Equal weight of everything that trades, once a month."""

    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        return (m.close > 0).normalise()


def definition(strategy: Strategy) -> Definition:
    return strategy.definition()
