"""Backtests: running, looking, comparing, exporting."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from pydantic import PrivateAttr

from midas.client.asking import asking, decimal_text
from midas.client.code import run_code
from midas.client.jobs import Jobs
from midas.client.link import Link
from midas.client.progress import Progress
from midas.client.reference import StrategyLike, code_like, reference, scalars
from midas.wire import backtests as wire
from midas.wire.backtests import (
    BacktestRequest,
    Comparison,
    Library,
    Measured,
    MeasureEntry,
    SeriesFormat,
    SeriesName,
)
from midas.wire.jobs import Job
from midas.wire.montecarlo import MonteCarlo, MonteCarloRequest
from midas.wire.shape import Number, Scalar

if TYPE_CHECKING:
    import polars as pl

    from midas.strategies.event import EventStrategy


class Backtest(wire.Backtest):
    """A stored result that can fetch its series as polars frames."""

    _of: Backtests = PrivateAttr()

    def equity(self) -> pl.DataFrame:
        """Return `ts, equity, cash, gross_exposure`, one row per session."""
        return self._of.series(self.id, "equity")

    def fills(self) -> pl.DataFrame:
        """Return `ts, symbol, side, quantity, price, commission, tax, order_id`."""
        return self._of.series(self.id, "fills")

    def trades(self) -> pl.DataFrame:
        """Return round trips; one still open has no exit."""
        return self._of.series(self.id, "trades")

    def positions(self) -> pl.DataFrame:
        """Return `ts, symbol, quantity, value`."""
        return self._of.series(self.id, "positions")

    def rejected(self) -> pl.DataFrame:
        """Return orders that were dropped, with the reason."""
        return self._of.series(self.id, "rejects")

    def contributions(self) -> pl.DataFrame:
        """Return `ts, strategy, symbol, target` of a mix, wherever a strategy's target changed."""
        return self._of.series(self.id, "contributions")

    def measures(self, like: Library = "midas") -> dict[str, Number]:
        """Return every measure by name: ours, or another library's own numbers of this run."""
        return {each.name: each.value for each in self._of.measured(self.id, like).measures}

    def tear_sheet(self) -> str:
        """Return one self-contained HTML page."""
        return self._of.tear_sheet(self.id)


class Backtests:
    """`client.backtests`; a backtest is named by its id or the beginning of it."""

    def __init__(self, link: Link, jobs: Jobs) -> None:
        self._link = link
        self._jobs = jobs

    def run(  # house: function-length: one line per option
        self,
        strategy: StrategyLike | EventStrategy | type[EventStrategy],
        params: Mapping[str, Scalar] | None = None,
        *,
        universe: str | None = None,
        symbols: Sequence[str] = (),
        timeframe: str | None = None,
        start: date | str | None = None,
        end: date | str | None = None,
        initial_capital: Decimal | float | str | None = None,
        commission_bps: float | None = None,
        slippage_bps: float = 0.0,
        lots: str = "whole",
        benchmark: str | None = None,
        account_currency: str | None = None,
        conversion_bps: float = 10.0,
        dealing: Mapping[str, Scalar] | None = None,
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> Backtest:
        """Run a strategy over a universe or some symbols and store what came of it.

        The same question about the same data is answered from the store (`cached`) unless `fresh`. Costs are in basis
        points; None leaves commission to the venue's dated table. `dealing` sets how orders, cash and shares are dealt
        with, by the names of `DealingOptions`. `account_currency` is that of the capital where it is not the market's:
        it is converted at the first decision's rate plus `conversion_bps`, and valued at each close's.
        `strategy` may be a name, a YAML file or text, a Strategy, its graph, or an earlier Backtest. An EventStrategy
        is run in this thread, each time anew, and by an embedded client alone.
        """
        fields: dict[str, object] = {
            "universe": universe,
            "symbols": [*symbols],
            "timeframe": timeframe,
            "start": start,
            "end": end,
            "initial_capital": decimal_text(initial_capital),
            "commission_bps": commission_bps,
            "slippage_bps": slippage_bps,
            "lots": lots,
            "benchmark": benchmark,
            "account_currency": account_currency,
            "conversion_bps": conversion_bps,
            "dealing": {**(dealing or {})},
            "fresh": fresh,
        }
        code = code_like(strategy)
        if code is not None:
            return self.show(run_code(self._link, code, params, fields, progress))
        fields |= {"strategy": reference(cast("StrategyLike", strategy)), "params": scalars(params)}
        request = asking(BacktestRequest, fields)
        job = self._link.post(Job, "/api/v1/backtests", request, {"wait_s": self._jobs.first_wait_s(progress)})
        job = self._jobs.finish(job, progress)
        shown = self.show(str(job.result_id))
        cached = isinstance(job.result, dict) and job.result.get("cached") is True
        return self._mine(shown.model_copy(update={"cached": cached}))

    def list(self, strategy: str | None = None, limit: int | None = 100) -> list[Backtest]:
        """Return backtests, latest first."""
        found = self._link.all(Backtest, "/api/v1/backtests", {"strategy": strategy}, limit)
        return [self._mine(each) for each in found]

    def show(self, backtest: str) -> Backtest:
        return self._mine(self._link.get(Backtest, _path(backtest)))

    def delete(self, backtest: str) -> None:
        """Remove a result and its series."""
        self._link.delete(_path(backtest))

    def compare(self, backtests: Sequence[str]) -> Comparison:
        """Return the measures of several backtests side by side."""
        return self._link.get(Comparison, "/api/v1/backtests/compare", {"ids": ",".join(backtests)})

    def monte_carlo(
        self,
        backtest: str,
        method: str = "bootstrap",
        paths: int = 1_000,
        *,
        noise: float = 0.2,
        progress: Progress | None = None,
    ) -> MonteCarlo:
        """Draw other paths a backtest might have taken; see `MonteCarloRequest` for the methods."""
        request = asking(MonteCarloRequest, {"method": method, "paths": paths, "noise": noise})
        wait = {"wait_s": self._jobs.first_wait_s(progress)}
        job = self._jobs.finish(self._link.post(Job, f"{_path(backtest)}/montecarlo", request, wait), progress)
        return MonteCarlo.model_validate(job.result)

    def export(self, backtest: str, what: SeriesName, format: SeriesFormat = "csv") -> bytes:
        """Return a series as the bytes of a file."""
        return self._link.fetch(f"{_path(backtest)}/series/{what}", {"format": format})

    def series(self, backtest: str, what: SeriesName) -> pl.DataFrame:
        """Return a series as a polars frame."""
        import polars as pl

        return pl.read_parquet(io.BytesIO(self.export(backtest, what, "parquet")))

    def measures(self, like: Library = "midas") -> Sequence[MeasureEntry]:
        """Return what every measure is: ours, or another library's."""
        return self._link.all(MeasureEntry, "/api/v1/backtests/measures", {"like": like})

    def measured(self, backtest: str, like: Library = "midas") -> Measured:
        """Return a result's measures with their formulas: ours, or another library's own numbers of the same run."""
        return self._link.get(Measured, f"{_path(backtest)}/measures", {"like": like})

    def tear_sheet(self, backtest: str) -> str:
        """Return one self-contained HTML page."""
        return self._link.fetch(f"{_path(backtest)}/tearsheet").decode()

    def _mine(self, backtest: Backtest) -> Backtest:
        backtest._of = self
        return backtest


def _path(backtest: str) -> str:
    return f"/api/v1/backtests/{quote(backtest, safe='')}"
