"""Work that takes a while."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from midas.wire.problem import Problem
from midas.wire.shape import Answer

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
FINISHED: frozenset[str] = frozenset({"done", "failed", "cancelled"})


class Job(Answer):
    """A piece of work and how far it is; `progress` runs from 0 to 1.

    `result_id` names what it made (a backtest), `result` says the rest: `{"cached": bool}` for a backtest, the list of
    import reports for a pull or an import, a `MonteCarlo` for paths that were drawn.
    """

    id: str
    kind: str
    state: JobState
    progress: float
    message: str
    result_id: str | None
    result: JsonValue
    error: Problem | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        return self.state in FINISHED
