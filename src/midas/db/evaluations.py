"""Evaluations, but for the measures of each pair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from midas.db.shelf import Shelf
from midas.db.tables import EVALUATIONS

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """One evaluation; `status` is done or cancelled. `question` is the request, so that it can be asked again."""

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
    results: Json
    refused: Json
    warnings: list[str]
    settings: Json
    question: Json


SHELF = Shelf(EVALUATIONS, EvaluationRecord, "evaluation")
