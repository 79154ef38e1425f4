"""Evaluations: every strategy on every instrument, and the best of each."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from midas.wire.run_options import RunOptions
from midas.wire.shape import Answer, Number, Scalar


class EvaluationRequest(RunOptions):
    """What to evaluate: strategies of the library by name (none: all of them), each alone on each instrument."""

    strategies: list[str] = Field(default=[], max_length=200)
    metric: str = Field(default="sharpe", max_length=64)


class Scores(Answer):
    """One instrument: the score of each strategy, and the best; null where there is none."""

    best_strategy: str | None
    best_score: Number
    all: dict[str, Number]


class Evaluation(Answer):
    """A stored evaluation; `id` begins `identity`, the hash of everything it depends on.

    `results` is by instrument: as it was asked for by `symbols`, else by its id. `refused` says why pairs, written
    `SYMBOL strategy`, could not be run. `status` is done, or cancelled when it was stopped; what was finished is kept.
    """

    id: str
    identity: str
    status: str
    universe: str | None
    symbols: list[str]
    start: date | None
    end: date | None
    created_at: datetime
    metric: str
    strategies: list[str]
    results: dict[str, Scores]
    refused: dict[str, str]
    warnings: list[str]
    settings: dict[str, Scalar]
    cached: bool = False
