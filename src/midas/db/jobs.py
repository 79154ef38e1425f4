"""Work that takes a while, as rows: who does it, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from midas.core.errors import NotFound
from midas.db.older import older
from midas.db.sessions import ReadSession, WriteSession
from midas.db.tables import JOBS

ACTIVE = ("queued", "running")


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One piece of work; `owner` names the process that does it, `error` is a problem document."""

    id: str
    kind: str
    state: str
    progress: float
    message: str
    result_id: str | None
    result: object
    error: dict[str, object] | None
    owner: str
    stop_asked: bool
    created_at: datetime
    finished_at: datetime | None


def add(session: WriteSession, record: JobRecord) -> None:
    """Store a new job."""
    session.change(insert(JOBS).values(**asdict(record)))


def show(session: ReadSession, job: str) -> JobRecord:
    """Return a job.

    Raises
    ------
    NotFound: no such job.
    """
    row = session.first(select(JOBS).where(JOBS.c.id == job))
    if row is None:
        raise NotFound(
            f"There is no job {job[:64]!r}.", hint="`midas job list` shows the ones there are.", code="unknown_job"
        )
    return _record(row)


def page(session: ReadSession, limit: int, after: tuple[datetime, str] | None = None) -> list[JobRecord]:
    """Return jobs, latest first, from the one after `after` (created_at, id)."""
    query = select(JOBS).order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(older(JOBS, after))
    return [_record(row) for row in session.all(query)]


def report(session: WriteSession, job: str, progress: float, message: str) -> bool:
    """Note how far a job is; return whether it should stop."""
    running = update(JOBS).where(JOBS.c.id == job, JOBS.c.state.in_(ACTIVE))
    session.change(running.values(state="running", progress=progress, message=message))
    row = session.first(select(JOBS.c.state, JOBS.c.stop_asked).where(JOBS.c.id == job))
    return row is None or row["state"] not in ACTIVE or bool(row["stop_asked"])


def finish(session: WriteSession, done: JobRecord) -> None:
    """Note how an active job ended; one that ended before stays as it is."""
    values = {
        "state": done.state,
        "progress": done.progress,
        "message": done.message,
        "result_id": done.result_id,
        "result": done.result,
        "error": done.error,
        "finished_at": done.finished_at,
    }
    session.change(update(JOBS).where(JOBS.c.id == done.id, JOBS.c.state.in_(ACTIVE)).values(**values))


def ask_to_stop(session: WriteSession, job: str, now_utc: datetime) -> JobRecord:
    """Cancel a queued job at once, and ask a running one to stop; return how it stands.

    Raises
    ------
    NotFound: no such job.
    """
    record = show(session, job)
    if record.state == "queued":
        record = replace(record, state="cancelled", finished_at=now_utc)
        finish(session, record)
    elif record.state == "running":
        session.change(update(JOBS).where(JOBS.c.id == job).values(stop_asked=True))
        record = replace(record, stop_asked=True)
    return record


def orphan(session: WriteSession, owners: Sequence[str], error: dict[str, object], now_utc: datetime) -> int:
    """Fail every active job of owners that are gone; return how many."""
    lost = update(JOBS).where(JOBS.c.owner.in_(owners), JOBS.c.state.in_(ACTIVE))
    return session.change(lost.values(state="failed", error=error, finished_at=now_utc))


def _record(row: RowMapping) -> JobRecord:
    return JobRecord(**row)
