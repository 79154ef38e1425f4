"""What came of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.backtest import frames
from midas.backtest.contributions import contributions
from midas.backtest.record import record_of
from midas.backtest.spec import BacktestSpec
from midas.backtest.window import Window, closes_of, sessions_of, window
from midas.execution.exchange import Exchanged
from midas.execution.simulation import Simulation
from midas.marketdata.panel import Panel
from midas.portfolio.ledger import Ledger, ledger
from midas.portfolio.measures.conventions.catalogue import convention
from midas.portfolio.timeline import Timeline
from midas.portfolio.trades import RoundTrips
from midas.strategies.plans import plan_of

Scalar = str | float | int | bool | None
Number = float | int | None

_OWN = ("account_equity", "rate")


@dataclass(frozen=True, slots=True)
class Result:
    """A run's answer; the same identity has the same bytes.

    sessions, equity, cash, gross_exposure, benchmark_equity : one entry a session's close, in currency, however long a
    bar is; gross exposure is a fraction of equity. summary : every measure, None where it is not defined, and `absent`
    says why. costs : currency. settings : how it was computed. rejects are counted in `reject_counts` by reason, fills
    of exits in `exit_counts` by theirs. exchanged : the account in its own currency, where that is not the venue's;
    all else is in the venue's.
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
    exchanged: Exchanged | None = None

    @property
    def sessions(self) -> NDArray[np.datetime64]:
        return sessions_of(self.panel, self._rows())

    def ledger(self) -> Ledger:
        """Return the double-entry ledger of the run."""
        capital = int(self.simulation.equity[0])
        trips = self.round_trips
        opens = np.zeros(len(self.timeline), bool)
        if len(trips):
            opens = self.timeline.side == trips.side[trips.trade_of]
        return ledger(capital, self.simulation.first, self.timeline, trips.cost_out, opens)

    def equity_frame(self) -> pl.DataFrame:
        """Return ts, equity, cash, gross_exposure, benchmark, one row a close.

        With an account in another currency also account_equity, in that, and the rate of the day.
        """
        columns = (self.equity, self.cash, self.gross_exposure, self.benchmark_equity)
        frame = frames.equity(self.sessions, *columns)
        if self.exchanged is None:
            return frame
        own = (self.exchanged.equity, self.exchanged.rates)
        return frame.with_columns(pl.Series(name, map(float, values)) for name, values in zip(_OWN, own, strict=True))

    def fills(self) -> pl.DataFrame:
        """Return ts, symbol, side, quantity, price, commission, tax, order_id, cause, in the order they happened."""
        return frames.fills(self.simulation.journal.fills, self._names())

    def trades(self) -> pl.DataFrame:
        """Return round trips by entry, those still open with null exits; see `frames.trades`."""
        return frames.trades(self.round_trips, self.timeline, self._names())

    def positions(self) -> pl.DataFrame:
        """Return ts, symbol, quantity, value at each close, by ts and symbol."""
        return frames.positions(
            self.round_trips, self.timeline, self.panel, closes_of(self.panel, self._rows()), self.scale
        )

    def rejects(self) -> pl.DataFrame:
        """Return ts, symbol, side, quantity (null where it was never an order), reason, order_id, cause."""
        return frames.rejects(self.simulation.journal.refusals, self._names())

    def contributions(self) -> pl.DataFrame:
        """Return what each strategy of a mix asked for, see `contributions`; no rows where it is none."""
        spec = self.spec
        rows = window(plan_of(spec.definition), self.panel, spec.start, spec.end)
        return contributions(spec.definition, self.panel, rows)

    def measures(self, like: str | None = None) -> dict[str, Number]:
        """Return the summary, or with `like` another library's own numbers of this run.

        Raises
        ------
        InvalidInput: an unknown library.
        """
        if like is None:
            return dict(self.summary)
        return convention(like).of(record_of(self.equity_frame(), self.trades(), self.fills()))

    def _rows(self) -> Window:
        first = self.simulation.first
        return Window(first, first, first, self.simulation.stop)

    def _names(self) -> frames.Names:
        return frames.Names.of(self.panel, self.scale)
