"""Momentum of each name by itself."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class TimeSeriesMomentum(Strategy):
    """Own each name whose own past return is positive.

    Rule: on the last session of each month every name that rose over the last `lookback` sessions is owned. Each name
    has a slot of 1/N of the equity, N being the number of names selected; an empty slot is cash.

    Source: Moskowitz, Ooi and Pedersen, Time series momentum, Journal of Financial Economics 104 (2012); they go short
    what fell, this does not.

    Needs: closes. Warm-up: `lookback` sessions.
    """

    lookback: int = param(252, 1, 504, doc="Sessions the return is measured over.")
    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        return (m.close.change(self.lookback) > 0).slot()
