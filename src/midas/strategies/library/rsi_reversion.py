"""Mean reversion with the relative strength index."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class RsiReversion(Strategy):
    """Buy what fell too fast, sell it once it has recovered.

    Rule: a name is bought when its relative strength index lies below `lower` and sold when it lies above `upper`. Each
    name has a slot of 1/N of the equity, N being the number of names selected; an empty slot is cash.

    Source: Wilder, New Concepts in Technical Trading Systems (1978), with his 14 sessions and levels of 30 and 70.

    Needs: closes. Warm-up: the index remembers for ever; it counts as warm once its start weighs less than 1e-10.
    """

    period: int = param(14, 2, 250, doc="Sessions of Wilder's average.")
    lower: float = param(30.0, 0.0, 100.0, doc="Buy below this level.")
    upper: float = param(70.0, 0.0, 100.0, doc="Sell above this level; higher than `lower`.")

    def check(self) -> None:
        self.require_below("lower", "upper", "lower=30 upper=70")

    def targets(self, m: Market) -> Node:
        index = m.close.rsi(self.period)
        return m.hold(entry=index < self.lower, exit=index > self.upper).slot()
