"""`/api/v1/jobs`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from midas.api.dependencies import Cursor, Here, Limit, Wait
from midas.api.pages import after, page
from midas.app import jobs
from midas.wire.jobs import Job
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


@router.get("")
async def list_jobs(workspace: Here, limit: Limit = 50, cursor: Cursor = None) -> Page[Job]:
    """List jobs, latest first."""
    return page("jobs", await jobs.page(workspace, limit, after("jobs", cursor)))


@router.get("/{job}")
async def show_job(workspace: Here, job: str, wait_s: Wait = 0.0) -> Job:
    """Show a job, at once when it is over, else after `wait_s` seconds."""
    return await jobs.show(workspace, job, wait_s)


@router.delete("/{job}", status_code=202)
async def cancel_job(workspace: Here, job: str) -> Job:
    """Ask a job to stop; one that is over stays as it is."""
    return await jobs.cancel(workspace, job)


def accepted(job: Job, response: Response) -> Job:
    """Answer 200 with a job that is over and 202 with one that is not."""
    response.status_code = 200 if job.finished else 202
    response.headers["location"] = f"{router.prefix}/{job.id}"
    return job
