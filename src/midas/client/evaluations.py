"""Evaluations: running, looking, running again, deleting."""

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
from midas.wire import evaluations as wire
from midas.wire.backtests import SeriesFormat
from midas.wire.evaluations import EvaluationRequest
from midas.wire.jobs import Job
from midas.wire.shape import Scalar

if TYPE_CHECKING:
    import polars as pl

_PATH = "/api/v1/evaluations"


class Evaluation(wire.Evaluation):
    """A stored evaluation that can fetch its measures as a polars frame."""

    _of: Evaluations = PrivateAttr()

    def table(self) -> pl.DataFrame:
        """Return symbol, strategy, score and main measures, one row for each pair."""
        return self._of.table(self.id)


class Evaluations:
    """`client.evaluations`; an evaluation is named by its id or the beginning of it."""

    def __init__(self, link: Link, jobs: Jobs) -> None:
        self._link = link
        self._jobs = jobs

    def run(  # house: function-length: one line per field of the question
        self,
        strategies: Sequence[str] = (),
        *,
        metric: str = "sharpe",
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
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> Evaluation:
        """Run strategies of the library (none named: all) alone on each instrument; store the best of each."""
        fields = {
            "strategies": [*strategies],
            "metric": metric,
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
            "fresh": fresh,
        }
        request = asking(EvaluationRequest, fields)
        job = self._link.post(Job, _PATH, request, {"wait_s": self._jobs.first_wait_s(progress)})
        return self._finished(job, progress)

    def rerun(self, evaluation: str, progress: Progress | None = None) -> Evaluation:
        """Ask the question of a stored evaluation again, of the data there is now."""
        path = f"{_path(evaluation)}/rerun"
        return self._finished(self._link.post(Job, path, None, {"wait_s": self._jobs.first_wait_s(progress)}), progress)

    def list(self, limit: int | None = 100) -> list[Evaluation]:
        """Return evaluations, latest first."""
        return [self._mine(each) for each in self._link.all(Evaluation, _PATH, None, limit)]

    def show(self, evaluation: str) -> Evaluation:
        return self._mine(self._link.get(Evaluation, _path(evaluation)))

    def delete(self, evaluation: str) -> None:
        """Remove an evaluation and its measures."""
        self._link.delete(_path(evaluation))

    def export(self, evaluation: str, format: SeriesFormat = "csv") -> bytes:
        """Return every pair's measures as the bytes of a file."""
        return self._link.fetch(f"{_path(evaluation)}/scores", {"format": format})

    def table(self, evaluation: str) -> pl.DataFrame:
        """Return every pair's measures as a polars frame."""
        import polars as pl

        return pl.read_parquet(io.BytesIO(self.export(evaluation, "parquet")))

    def _finished(self, job: Job, progress: Progress | None) -> Evaluation:
        job = self._jobs.finish(job, progress)
        cached = isinstance(job.result, dict) and job.result.get("cached") is True
        return self._mine(self.show(str(job.result_id)).model_copy(update={"cached": cached}))

    def _mine(self, evaluation: Evaluation) -> Evaluation:
        evaluation._of = self
        return evaluation


def _path(evaluation: str) -> str:
    return f"{_PATH}/{quote(evaluation, safe='')}"
