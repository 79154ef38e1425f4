"""Monte Carlo: what else might have happened."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from midas.wire.shape import Answer, Number, Question

Method = Literal["trades", "bootstrap", "noise"]


class MonteCarloRequest(Question):
    """How to draw other paths of a backtest.

    `trades` puts its closed trades in another order, `bootstrap` draws its sessions again in blocks, `noise` runs it
    again on prices blurred by that share of each name's daily volatility (1,000 paths at most).
    """

    method: Method = "bootstrap"
    paths: int = Field(default=1_000, ge=1, le=100_000)
    noise: float = Field(default=0.2, gt=0.0, le=1.0)


class Spread(Answer):
    """A measure over all paths: what really happened, and percentiles; null where it is not defined."""

    observed: Number
    p1: Number
    p5: Number
    p25: Number
    p50: Number
    p75: Number
    p95: Number
    p99: Number


class MonteCarlo(Answer):
    """Paths of a backtest: fractions, and a year's Sharpe ratio.

    `losing` is the share of paths that end below where they began, `deeper` of those that fall further than the
    backtest did.
    """

    backtest: str
    method: Method
    paths: int
    total_return: Spread
    sharpe: Spread
    max_drawdown: Spread
    losing: float
    deeper: float
