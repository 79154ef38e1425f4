"""A run before it is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.benchmark import Benchmark
from midas.backtest.spec import BacktestSpec
from midas.backtest.targets import Targets
from midas.backtest.window import Window, at_closes, sessions_of
from midas.core.money import minor_digits
from midas.execution.conditions import Conditions
from midas.execution.simulation import Simulation
from midas.execution.terms import AccountTerms
from midas.factors.plan import Plan
from midas.marketdata.panel import Panel
from midas.portfolio.timeline import Timeline
from midas.portfolio.trades import RoundTrips
from midas.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a run made on the way from its spec to its result."""

    spec: BacktestSpec
    panel: Panel
    venue: Venue
    plan: Plan
    window: Window
    terms: AccountTerms
    conditions: Conditions
    targets: Targets
    simulation: Simulation
    timeline: Timeline
    trips: RoundTrips
    benchmark: Benchmark

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        """The measured closes."""
        return sessions_of(self.panel, self.window)

    @property
    def equity(self) -> NDArray[np.float64]:
        """What the account was worth at each measured close, in currency."""
        return at_closes(self.panel, self.window, self.simulation.equity) / self.scale

    @property
    def scale(self) -> float:
        """Minor units in one unit of currency."""
        return 10.0 ** minor_digits(self.panel.currency)
