"""Backtests: what to run, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from midas.wire.luck import Luck
from midas.wire.run_options import RunOptions
from midas.wire.shape import Answer, Number, Scalar
from midas.wire.strategies import StrategyRef

SeriesName = Literal["equity", "fills", "trades", "positions", "rejects", "contributions"]
SeriesFormat = Literal["json", "csv", "parquet"]
Library = Literal["midas", "quantstats", "pyfolio", "freqtrade", "lean", "qlib"]
"""Whose measures: our own, or another library's by its own formulas."""


class BacktestRequest(RunOptions):
    """What to run, and what to compare it with: null is equal weight."""

    strategy: StrategyRef
    params: dict[str, Scalar] = Field(default={}, max_length=100)
    benchmark: str | None = Field(default=None, max_length=64)


class Backtest(Answer):
    """A stored result; ratios are plain numbers (0.12 is 12 %), money is in the venue's currency, undefined is null.

    `id` begins `identity`, the hash of everything the result depends on. `cached` is true where a run was answered
    with a result that was stored before. `luck` counts what was tried up to now; null in results of before it was.
    """

    id: str
    identity: str
    status: str
    strategy: str
    params: dict[str, Scalar]
    universe: str | None
    symbols: list[str]
    start: date | None
    end: date | None
    created_at: datetime
    summary: dict[str, Number]
    costs: dict[str, Number]
    warnings: list[str]
    luck: Luck | None = None
    rejects: dict[str, int]
    settings: dict[str, Scalar]
    cached: bool = False


class ComparedMeasure(Answer):
    """One measure of each compared backtest, in the order asked for."""

    measure: str
    unit: str
    values: list[Number]


class Comparison(Answer):
    """Backtests side by side."""

    ids: list[str]
    rows: list[ComparedMeasure]


class MeasureEntry(Answer):
    """What a measure is: its formula, what it counts, how a year is counted, and where trades still open come in.

    `name` is the measure's key, or the other library's own name; `unit` fraction: 0.12 is 12 %.
    """

    name: str
    label: str
    unit: str
    formula: str
    frequency: str
    day_count: str
    open_trades: str
    source: str


class MeasuredValue(Answer):
    """One measure of a result."""

    name: str
    unit: str
    formula: str
    value: Number


class Measured(Answer):
    """A result's measures by the formulas of a library, as of `version`; `fed` is what it is given of the run."""

    id: str
    library: Library
    version: str
    fed: str
    measures: list[MeasuredValue]
