"""Rows in strides are rows one by one, in markets where a graph's plain orders mostly fill."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.backtest.strategies import Averaged, Rebalanced
from tests.execution.markets import panel_of
from tests.laws.test_blocks import Crossed, assert_same, in_minutes
from tests.scale import scaled

from midas.backtest.spec import spec_of
from midas.execution.dealing import Dealing
from midas.factors.market import Market
from midas.factors.node import Node
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy

LIVES = scaled(300)

DEALINGS = (
    Dealing(),
    Dealing(carry=True),
    Dealing(slippage="half_spread=1tick,sqrt=0.5"),
    Dealing(settlement="venue"),
    Dealing(carry=True, slippage="sqrt=0.1"),
)


class Crowd(Strategy):
    """Equal parts of what is above its average, each name traded when it crosses."""

    def targets(self, m: Market) -> Node:
        return (m.close > m.close.mean(5)).slot()


class Now(Strategy):
    """The strongest few, weighed anew now and then."""

    every = Every.BAR

    def targets(self, m: Market) -> Node:
        strong = m.close.change(4).top(2)
        return (1 / m.close).where(strong & (m.close.change(1) > 0.004)).normalise()


ALL: tuple[type[Strategy], ...] = (Crossed, Crowd, Now, Averaged, Rebalanced)


def plain_market(draw: np.random.Generator) -> Panel:
    """Walks in minutes, with a bar missing, a halt or a thin bar here and there, and a split now and then."""
    rows, columns, length = 150, int(draw.choice([1, 1, 3, 40])), int(draw.choice([30, 50, 75]))
    close = 40.0 * np.exp(np.cumsum(draw.normal(0.0, 0.004, (rows, columns)), axis=0))
    opened = np.vstack((close[:1], close[:-1])) * np.exp(draw.normal(0.0, 0.002, close.shape))
    prices = {name: np.round(values, 2) for name, values in (("open", opened), ("close", close))}
    prices["high"], prices["low"] = np.maximum(*prices.values()), np.minimum(*prices.values())
    prices["volume"] = np.where(draw.random(close.shape) < 0.02, 500.0, 1e6)
    faulty = draw.random()
    gone = draw.random(close.shape) < (0.02 if faulty < 0.5 else 0.0)
    for values in prices.values():
        values[gone] = np.nan
    prices["volume"][draw.random(close.shape) < (0.02 if faulty < 0.3 else 0.0)] = 0.0
    split = Actions(np.array([length]), np.array([0]), np.array([1], np.int8), np.array([2.0]))
    panel = panel_of(prices, actions=split if draw.random() < 0.3 else None)
    return in_minutes(panel, length) if draw.random() < 0.5 else in_minutes(panel, length, 20 * 60, 4)  # and on behind


def drawn_terms(draw: np.random.Generator) -> dict[str, Any]:
    return {
        "dealing": DEALINGS[int(draw.integers(len(DEALINGS)))],
        "initial_capital": int(draw.choice([3_000, 100_000])),
        "lots": "whole" if draw.random() < 0.5 else "fractional",
        "volume_cap": float(draw.choice([0.1, 1.0])),
        "commission_bps": int(draw.choice([0, 10])),
    }


@pytest.mark.parametrize("some", range(2))
def test_strides(some: int) -> None:
    strode = 0
    for life in range(some, LIVES, 2):
        draw = np.random.default_rng(life)
        panel, definition = plain_market(draw), ALL[life % len(ALL)]().definition()
        spec = spec_of(replace(definition, exits=()), panel, **drawn_terms(draw))
        strode += assert_same(spec, panel, life, (int(draw.integers(2, 80)), 4096))
    assert strode > 0
