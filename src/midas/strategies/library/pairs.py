"""Names that left their common path."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.strategy import Strategy


class Pairs(Strategy):
    """Buy what fell behind the others, until it has caught up.

    Rule: the spread of a name is the logarithm of its close over its mean of `period` sessions, less the average of
    that over all selected names, and its score is the spread's distance from its mean over `period` sessions, in
    standard deviations. A name is bought when its score lies below -`entry` and sold when it is back above -`exit`. A
    name whose score lies above `entry` is sold short, with `short` of a slot, until it is back below `exit`; the
    account must allow it. Each name has a slot of 1/N of the equity, N being the number of names selected; an empty
    slot is cash.

    Source: Gatev, Goetzmann and Rouwenhorst, Pairs trading, Review of Financial Studies 19 (2006). Meant for two names
    that move together, e.g. two share classes; choosing them, and testing that their spread returns, is left to you.
    The hedge is one to one in money.

    Needs: closes of two names or more without gaps in the window. Warm-up: twice `period` - 1 sessions.
    """

    period: int = param(60, 2, 500, doc="Sessions in the means and in the deviation.")
    entry: float = param(2.0, 0.1, 10.0, doc="Score at which a name is bought or sold short; above `exit`.")
    exit: float = param(0.5, 0.0, 10.0, doc="Score at which the position is closed.")
    short: float = param(0.0, 0.0, 1.0, doc="Part of a slot sold short in a name that ran ahead; 0 sells none.")

    def check(self) -> None:
        self.require_below("exit", "entry", "entry=2 exit=0.5")

    def targets(self, m: Market) -> Node:
        score = (m.close / m.close.mean(self.period)).log().demean().zscore(self.period)
        behind = m.hold(entry=score < -self.entry, exit=score > -self.exit).slot()
        ahead = m.hold(entry=score > self.entry, exit=score < self.exit).slot()
        return behind - self.short * ahead
