"""Sweeps: which parameters to try, and which were best."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from midas.wire.luck import Luck
from midas.wire.run_options import RunOptions
from midas.wire.shape import Answer, Number, Scalar
from midas.wire.strategies import StrategyRef
from midas.wire.walk_forward import Mode, WalkForward

SamplerName = Literal["grid", "random", "sobol", "tpe"]

Values = Annotated[str, Field(max_length=4096)] | Annotated[list[Scalar], Field(max_length=100_000)]


class SweepRequest(RunOptions):
    """What to try; `params` are kept fixed.

    `grid` gives each varied parameter its values, as text (`5:60:1`, both ends included, or `5,10,20`) or one by one;
    without it every parameter takes its declared range. `walk_forward` also chooses again and again, in so many
    `folds`, each time from the past alone.
    """

    strategy: StrategyRef
    params: dict[str, Scalar] = Field(default={}, max_length=100)
    grid: dict[str, Values] = Field(default={}, max_length=100)
    sampler: SamplerName = "grid"
    trials: int | None = None
    metric: str = Field(default="sharpe", max_length=64)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    walk_forward: Mode | None = None
    folds: int = Field(default=5, ge=1, le=100)


class Best(Answer):
    """The varied parameters of the best trial, and its score."""

    params: dict[str, Scalar]
    score: Number


class HeatMap(Answer):
    """Mean score by one or two parameters, null where nothing was tried; a label is the first value of its cell."""

    x: str
    y: str | None
    x_values: list[Scalar]
    y_values: list[Scalar]
    scores: list[list[Number]]


class Sweep(Answer):
    """A stored sweep; `id` begins `identity`, the hash of everything it depends on.

    `status` is done, or cancelled when it was stopped and what was finished is kept. `trials` were evaluated, `skipped`
    combinations were refused, the first for the reason given. `summary` holds the measures of the best trial, and
    `flatness` is the mean score of its neighbours over its own: near 1 it stands on a plateau. `luck` weighs the best
    against everything ever tried at this idea.
    """

    id: str
    identity: str
    status: str
    strategy: str
    universe: str | None
    symbols: list[str]
    start: date | None
    end: date | None
    created_at: datetime
    metric: str
    sampler: str
    seed: int
    axes: dict[str, list[Scalar]]
    fixed: dict[str, Scalar]
    trials: int
    skipped: int
    skipped_because: str
    best: Best | None
    summary: dict[str, Number]
    flatness: Number
    heat: HeatMap | None
    luck: Luck | None
    walk_forward: WalkForward | None = None
    warnings: list[str]
    settings: dict[str, Scalar]
    cached: bool = False
