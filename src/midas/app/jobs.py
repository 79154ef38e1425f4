"""Work that takes a while."""

from __future__ import annotations

from datetime import datetime

from midas.app.paging import Key, Part, part
from midas.app.workspace import Workspace
from midas.db import jobs
from midas.db.jobs import JobRecord
from midas.wire.jobs import Job
from midas.wire.problem import Problem


async def page(workspace: Workspace, limit: int, after: Key | None) -> Part[Job]:
    """Return jobs, latest first."""
    records = await workspace.database.read(jobs.page, limit + 1, moment_and_id(after))
    found = [wire_job(record) for record in records]
    return part(found, limit, lambda job: [job.created_at.isoformat(), job.id])


async def show(workspace: Workspace, job: str, wait_s: float = 0.0) -> Job:
    """Return a job, after `wait_s` seconds at most if it is not over before.

    Raises
    ------
    NotFound: no such job.
    """
    return wire_job(await workspace.jobs.wait(job, wait_s))


async def cancel(workspace: Workspace, job: str) -> Job:
    """Ask a job to stop; one that is over stays as it is.

    Raises
    ------
    NotFound: no such job.
    """
    return wire_job(await workspace.jobs.cancel(job))


def moment_and_id(key: Key | None) -> tuple[datetime, str] | None:
    """Return a cursor's key as the columns that lists by age are sorted by."""
    return None if key is None else (datetime.fromisoformat(str(key[0])), str(key[1]))


def wire_job(record: JobRecord) -> Job:
    """Return a job as it is shown."""
    return Job(
        id=record.id,
        kind=record.kind,
        state=record.state,
        progress=record.progress,
        message=record.message,
        result_id=record.result_id,
        result=record.result,
        error=None if record.error is None else Problem.model_validate(record.error),
        created_at=record.created_at,
        finished_at=record.finished_at,
    )
