"""Small markets and accounts the traps share."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from tests.execution.markets import FIELDS

from midas.backtest.result import Result
from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.dealing import Dealing
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms
from midas.marketdata.panel import Panel
from midas.portfolio.journal import CAUSES
from midas.strategies.definition import Definition
from midas.strategies.exits import Exit
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.schedule import Every
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue

NAN = math.nan


def flat(rows: int, price: float = 100.0, volume: float = 1e9) -> dict[str, np.ndarray]:
    bars = {name: np.full((rows, 1), price) for name in FIELDS}
    bars["volume"][:] = volume
    return bars


def trade(
    panel: Panel,
    weights: np.ndarray,
    by_change: bool = False,
    capital: int = 10_000_000,
    dealing: Dealing | None = None,
) -> Simulation:
    market = venue(panel.venue)
    terms = AccountTerms(Money(capital, panel.currency), dealing=dealing or Dealing())
    world = conditions(panel, rule_arrays(market, panel.instruments, panel.sessions), terms)
    rows = np.arange(panel.rows)
    return simulate(world, rows, weights, first=0, stop=panel.rows, capital=capital, by_change=by_change)


def stopped(*policies: Exit, every: Every = Every.ONCE) -> Definition:
    """Buy and hold with exits."""
    return replace(BuyAndHold().definition(), exits=policies, every=every)


def bars_of(*rows: tuple[float, float, float, float], volume: float = 1e9) -> dict[str, np.ndarray]:
    """One name's (open, high, low, close), row by row."""
    columns = [*zip(*rows, strict=True), [volume] * len(rows)]
    return {name: np.array(values, float)[:, None] for name, values in zip(FIELDS, columns, strict=True)}


QUIET = (100.0, 101.0, 99.0, 100.0)


def exit_of(result: Result) -> tuple[int, float, str]:
    """Row, price and cause of the one sale."""
    fills = result.simulation.journal.fills
    (at,) = np.flatnonzero(fills.side < 0)
    return int(fills.row[at]), float(fills.price[at]), CAUSES[fills.cause[at] - 1].value


def wave(rows: int) -> dict[str, np.ndarray]:
    closes = np.round(100 + 20 * np.sin(np.arange(rows) / 4), 0)[:, None] * 2
    return {name: closes.copy() for name in FIELDS[:4]} | {"volume": np.full((rows, 1), 1e9)}
