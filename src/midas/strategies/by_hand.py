"""A strategy that orders nothing: its run gives an account a market for orders by hand."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class ByHand(Strategy):
    """Order nothing; a run of it brings an account's orders by hand to the market of its feed.

    Rule: no weight is ever given, so nothing is bought or sold but what a person orders.

    Needs: closes. No warm-up.
    """

    every = Every.CHANGE

    def targets(self, m: Market) -> Node:
        return m.close.where(m.close < 0)  # never: prices are above 0
