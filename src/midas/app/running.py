"""Running a backtest: from a question to an order of work, and from there to stored series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from midas.app.seats import Report
from midas.app.workspace import Workspace
from midas.wire.backtests import BacktestRequest

if TYPE_CHECKING:
    from midas.strategies.definition import Definition

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Order:
    """A question whose strategy is resolved; picklable. `identity` names the answer."""

    definition: Definition
    name: str
    version: int | None
    request: BacktestRequest
    identity: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a run left, apart from its series, in plain values; NaN and infinity are None."""

    identity: str
    definition: Json
    params: Json
    start: date | None
    end: date | None
    summary: Json
    costs: Json
    warnings: list[str]
    rejects: dict[str, int]
    settings: Json


def order(workspace: Workspace, request: BacktestRequest) -> Order:
    """Resolve a question and give it its identity; nothing runs yet."""
    raise NotImplementedError


def perform(home: Path, work: Order, report: Report) -> Made:
    """Run an order and store its series; called where jobs are done."""
    raise NotImplementedError
