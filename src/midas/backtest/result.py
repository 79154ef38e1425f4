"""What came of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.backtest import frames
from midas.backtest.record import record_of
from midas.backtest.spec import BacktestSpec
from midas.execution.simulation import Simulation
from midas.marketdata.panel import Panel
from midas.portfolio.ledger import Ledger, ledger
from midas.portfolio.measures.conventions.catalogue import convention
from midas.portfolio.timeline import Timeline
from midas.portfolio.trades import RoundTrips

Scalar = str | float | int | bool | None
Number = float | int | None


@dataclass(frozen=True, slots=True)
class Result:
    """A run's answer; the same identity has the same bytes.

    sessions, equity, cash, gross_exposure, benchmark_equity : one entry a close, in currency; gross exposure is a
    fraction of equity. summary : every measure, None where it is not defined, and `absent` says why. costs : currency.
    settings : how it was computed. rejects are counted in `reject_counts` by reason, fills of exits in `exit_counts` by
    theirs.
    """

    identity: str
    spec: BacktestSpec
    panel: Panel
    simulation: Simulation
    timeline: Timeline
    round_trips: RoundTrips
    scale: float
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]
    gross_exposure: NDArray[np.float64]
    benchmark_equity: NDArray[np.float64]
    summary: Mapping[str, Number]
    absent: Mapping[str, str]
    costs: Mapping[str, float]
    reject_counts: Mapping[str, int]
    exit_counts: Mapping[str, int]
    settings: Mapping[str, Scalar]
    warnings: tuple[str, ...]

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        return self.panel.sessions[self.simulation.first : self.simulation.stop]

    def ledger(self) -> Ledger:
        """Return the double-entry ledger of the run."""
        capital = int(self.simulation.equity[0])
        trips = self.round_trips
        opens = np.zeros(len(self.timeline), bool)
        if len(trips):
            opens = self.timeline.side == trips.side[trips.trade_of]
        return ledger(capital, self.simulation.first, self.timeline, trips.cost_out, opens)

    def equity_frame(self) -> pl.DataFrame:
        """Return ts, equity, cash, gross_exposure, benchmark, one row a close."""
        columns = (self.equity, self.cash, self.gross_exposure, self.benchmark_equity)
        return frames.equity(self.sessions, *columns)

    def fills(self) -> pl.DataFrame:
        """Return ts, symbol, side, quantity, price, commission, tax, order_id, cause, in the order they happened."""
        return frames.fills(self.simulation.journal.fills, self._names())

    def trades(self) -> pl.DataFrame:
        """Return round trips by entry, those still open with null exits; see `frames.trades`."""
        return frames.trades(self.round_trips, self.timeline, self._names())

    def positions(self) -> pl.DataFrame:
        """Return ts, symbol, quantity, value at each close, by ts and symbol."""
        return frames.positions(self.round_trips, self.timeline, self.panel, self.simulation, self.scale)

    def rejects(self) -> pl.DataFrame:
        """Return ts, symbol, side, quantity (null where it was never an order), reason, order_id, cause."""
        return frames.rejects(self.simulation.journal.refusals, self._names())

    def measures(self, like: str | None = None) -> dict[str, Number]:
        """Return the summary, or with `like` another library's own numbers of this run.

        Raises
        ------
        InvalidInput: an unknown library.
        """
        if like is None:
            return dict(self.summary)
        return convention(like).of(record_of(self.equity_frame(), self.trades(), self.fills()))

    def _names(self) -> frames.Names:
        return frames.Names.of(self.panel, self.scale)
