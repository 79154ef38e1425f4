"""Sweeps, but for their trials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from midas.db.shelf import Shelf
from midas.db.tables import SWEEPS

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """One sweep; `status` is done or cancelled. `best` holds params and score, `evidence` what its luck rests on."""

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
    axes: Json
    fixed: Json
    trials: int
    skipped: int
    skipped_because: str
    best: Json | None
    summary: Json
    flatness: float | None
    heat: Json | None
    warnings: list[str]
    settings: Json
    hypothesis: str
    evidence: Json | None
    pbo: float | None
    luck: Json | None
    walk_forward: Json | None = None


SHELF = Shelf(SWEEPS, SweepRecord, "sweep")
