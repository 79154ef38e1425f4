"""Random accounts with their ledger and round trips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tests.execution.markets import AMERICA, KOREA, Made, random_market, random_weights

from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms
from midas.portfolio.ledger import Ledger, ledger
from midas.portfolio.timeline import Timeline, timeline
from midas.portfolio.trades import Prices, RoundTrips, round_trips

ROWS = 30


@dataclass(frozen=True)
class Booked:
    market: Made
    capital: int
    simulation: Simulation
    timeline: Timeline
    trades: RoundTrips
    ledger: Ledger


def booked(seed: int, *, by_change: bool, korea: bool, silent: bool = False, stop: int = ROWS) -> Booked:
    """An account that ends before row `stop` of its market."""
    rules = KOREA if korea else AMERICA
    names, rows, capital = 3, ROWS, 30_000_000
    market = random_market(seed, names, rows, rules)
    weights = np.full((rows, names), np.nan) if silent else random_weights(seed + 1, rows, names)
    around = conditions(market.panel, market.arrays, AccountTerms(Money(capital, market.panel.currency)))
    simulation = simulate(
        around, np.arange(stop), weights[:stop], first=0, stop=stop, capital=capital, by_change=by_change
    )
    entries = timeline(simulation.journal)
    prices = Prices(around.highs, around.lows, around.closes, around.happenings)
    trades = round_trips(entries, names, stop, 10.0**rules.digits, prices)
    return Booked(market, capital, simulation, entries, trades, ledger(capital, 0, entries, trades.cost_out))
