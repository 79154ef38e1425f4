"""Value and momentum together."""

from __future__ import annotations

from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.param import param
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy


class ValueMomentum(Strategy):
    """Own the names that are best at being cheap and rising at once.

    Rule: on the last session of each month names are ranked twice: by their return over the `lookback` sessions that
    ended `skip` sessions ago, and by how much they fell over the `value` sessions before those. The `top` best by the
    sum of both ranks get the same weight, all others are sold.

    Source: Asness, Moskowitz and Pedersen, Value and momentum everywhere, Journal of Finance 68 (2013). Prices alone
    cannot tell book value; where there is none they use the fall of the past five years in its place, and so does this:
    the defaults add up to five years.

    Needs: closes of many names. Warm-up: `skip` + `lookback` + `value` sessions.
    """

    lookback: int = param(231, 1, 504, doc="Sessions the momentum is measured over.")
    skip: int = param(21, 0, 63, doc="Latest sessions that are left out of it.")
    value: int = param(1008, 20, 2520, doc="Sessions before those, over which the fall is measured.")
    top: int = param(20, 1, 500, doc="How many names are held.")
    every = Every.MONTH_END

    def targets(self, m: Market) -> Node:
        late = m.close.shift(self.skip)
        rise, fall = late.change(self.lookback), -late.shift(self.lookback).change(self.value)
        known = rise.where(~fall.is_missing())
        return (known.rank() + fall.where(~rise.is_missing()).rank()).top(self.top).normalise()
