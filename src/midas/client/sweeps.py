"""Sweeps: running, looking, deleting."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import PrivateAttr

from midas.client.asking import asking, decimal_text
from midas.client.jobs import Jobs
from midas.client.link import Link
from midas.client.progress import Progress
from midas.client.reference import StrategyLike, open_reference, scalars
from midas.wire import sweeps as wire
from midas.wire.backtests import SeriesFormat
from midas.wire.jobs import Job
from midas.wire.shape import Scalar
from midas.wire.sweeps import SweepRequest

if TYPE_CHECKING:
    import polars as pl

_PATH = "/api/v1/sweeps"


class Sweep(wire.Sweep):
    """A stored sweep that can fetch its trials as a polars frame."""

    _of: Sweeps = PrivateAttr()

    def table(self) -> pl.DataFrame:
        """Return one row a trial: its parameters, `score`, and its main measures."""
        return self._of.table(self.id)


class Sweeps:
    """`client.sweeps`; a sweep is named by its id or the beginning of it."""

    def __init__(self, link: Link, jobs: Jobs) -> None:
        self._link = link
        self._jobs = jobs

    def run(  # house: function-length: one line per field of the question
        self,
        strategy: StrategyLike,
        grid: Mapping[str, str | Sequence[Scalar]] | None = None,
        *,
        params: Mapping[str, Scalar] | None = None,
        sampler: str = "grid",
        trials: int | None = None,
        metric: str = "sharpe",
        seed: int = 0,
        universe: str | None = None,
        symbols: Sequence[str] = (),
        timeframe: str | None = None,
        start: date | str | None = None,
        end: date | str | None = None,
        initial_capital: Decimal | float | str | None = None,
        commission_bps: float | None = None,
        slippage_bps: float = 0.0,
        lots: str = "whole",
        account_currency: str | None = None,
        conversion_bps: float = 10.0,
        dealing: Mapping[str, Scalar] | None = None,
        walk_forward: str | None = None,
        folds: int = 5,
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> Sweep:
        """Try a strategy's parameters over a universe or some symbols, and store what came of it.

        `grid` gives values by parameter, `{"fast": "5:60:1", "slow": [20, 50]}`; without it each takes its declared
        range. `strategy` is a name, a YAML file or its text, or a class of the library. `walk_forward` (anchored or
        rolling) also chooses in each of `folds` stretches from what lies before it alone.
        """
        fields = {
            "strategy": open_reference(strategy),
            "params": scalars(params),
            "grid": {name: given if isinstance(given, str) else _values(given) for name, given in (grid or {}).items()},
            "sampler": sampler,
            "trials": trials,
            "metric": metric,
            "seed": seed,
            "universe": universe,
            "symbols": [*symbols],
            "timeframe": timeframe,
            "start": start,
            "end": end,
            "initial_capital": decimal_text(initial_capital),
            "commission_bps": commission_bps,
            "slippage_bps": slippage_bps,
            "lots": lots,
            "account_currency": account_currency,
            "conversion_bps": conversion_bps,
            "dealing": {**(dealing or {})},
            "walk_forward": walk_forward,
            "folds": folds,
            "fresh": fresh,
        }
        request = asking(SweepRequest, fields)
        job = self._link.post(Job, _PATH, request, {"wait_s": self._jobs.first_wait_s(progress)})
        job = self._jobs.finish(job, progress)
        cached = isinstance(job.result, dict) and job.result.get("cached") is True
        return self._mine(self.show(str(job.result_id)).model_copy(update={"cached": cached}))

    def list(self, limit: int | None = 100) -> list[Sweep]:
        """Return sweeps, latest first, without heat maps."""
        return [self._mine(each) for each in self._link.all(Sweep, _PATH, None, limit)]

    def show(self, sweep: str) -> Sweep:
        return self._mine(self._link.get(Sweep, _path(sweep)))

    def delete(self, sweep: str) -> None:
        """Remove a sweep and its trials."""
        self._link.delete(_path(sweep))

    def export(self, sweep: str, format: SeriesFormat = "csv") -> bytes:
        """Return the trials as the bytes of a file."""
        return self._link.fetch(f"{_path(sweep)}/trials", {"format": format})

    def table(self, sweep: str) -> pl.DataFrame:
        """Return the trials as a polars frame."""
        import polars as pl

        return pl.read_parquet(io.BytesIO(self.export(sweep, "parquet")))

    def _mine(self, sweep: Sweep) -> Sweep:
        sweep._of = self
        return sweep


def _path(sweep: str) -> str:
    return f"{_PATH}/{quote(sweep, safe='')}"


def _values(given: Sequence[Scalar]) -> list[Scalar]:
    return [*scalars(dict(enumerate(given))).values()]  # type: ignore[arg-type]  # keys are not looked at
