"""Datasets: what is in the lake, where it came from and what is wrong with it."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from midas.wire.shape import Answer, Number, Question


class Action(Answer):
    """A corporate action: new shares per old share for a split, money per share for a dividend."""

    symbol: str
    ts: date
    kind: str
    value: Number


class Dataset(Answer):
    """A named, versioned set of bars, or of ticks where `timeframe` is `tick`: `rows` counts those.

    `actions` is filled when one dataset is shown, empty in lists.
    """

    name: str
    version: str
    venue: str
    timeframe: str
    basis: str
    currency: str
    source: str
    rows: int
    symbols: int
    first: date | None
    last: date | None
    imported_at_utc: datetime
    notes: list[str]
    actions: list[Action]


class Finding(Answer):
    """One breach of the data contract; `severity` is error or warning."""

    code: str
    severity: str
    symbol: str | None
    session: str | None
    detail: str
    rows: int


class CheckReport(Answer):
    """What a check of a stored dataset found; `ok` when there is no error among it."""

    dataset: str
    ok: bool
    findings: list[Finding]


class ImportReport(Answer):
    """What an import stored and what it left out; `unchanged` when the same data were there already."""

    dataset: Dataset
    rows: int
    symbols: int
    findings: list[Finding]
    skipped: list[str]
    warnings: list[str]
    unchanged: bool


class SourceInfo(Answer):
    """Where data can be pulled from."""

    name: str
    summary: str


class DatasetPull(Question):
    """Ask a source for bars; no symbols means all it has, `dataset` names the result."""

    source: str = Field(min_length=1, max_length=64)
    symbols: list[str] = Field(default=[], max_length=10_000)
    start: date | None = None
    end: date | None = None
    dataset: str | None = Field(default=None, max_length=64)
