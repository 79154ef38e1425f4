"""Work that takes a while, and waiting for it."""

from __future__ import annotations

from urllib.parse import quote

from midas.client.link import Link
from midas.client.progress import Progress
from midas.core.errors import MidasError, Refused
from midas.wire.jobs import Job

PATIENCE_S = 20.0
"""How long one request waits for a job, below the read timeout."""

REPORT_EVERY_S = 0.2


class Jobs:
    """`client.jobs`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(self, limit: int | None = 100) -> list[Job]:
        """Return jobs, latest first."""
        return self._link.all(Job, "/api/v1/jobs", limit=limit)

    def show(self, job: str, wait_s: float = 0.0) -> Job:
        """Return a job, after `wait_s` seconds at most if it is not finished before."""
        return self._link.get(Job, _path(job), {"wait_s": wait_s})

    def cancel(self, job: str) -> None:
        """Ask a job to stop; one that is finished stays as it is."""
        self._link.delete(_path(job))

    def first_wait_s(self, progress: Progress | None) -> float:
        """Return how long the request that starts a job may wait for it."""
        return PATIENCE_S if progress is None else REPORT_EVERY_S

    def finish(self, job: Job, progress: Progress | None = None) -> Job:
        """Return `job` once it is done; an interrupt (Ctrl-C) cancels it.

        Raises
        ------
        MidasError: what the job failed with; code `cancelled` when someone stopped it.
        """
        try:
            while not job.finished:
                if progress is not None:
                    progress(job.progress, job.message)
                job = self.show(job.id, self.first_wait_s(progress))
        except KeyboardInterrupt:
            self.cancel(job.id)
            raise
        if job.error is not None:
            raise job.error.error()
        if job.state == "cancelled":
            kept = f"What it had finished is kept as {job.result_id}." if job.result_id else "Run it again."
            raise Refused(f"Job {job.id} was cancelled.", hint=kept, code="cancelled")
        if job.state != "done":
            raise MidasError(f"Job {job.id} failed without saying why.", hint="See the server's log.")
        if progress is not None:
            progress(1.0, job.message)
        return job


def _path(job: str) -> str:
    return f"/api/v1/jobs/{quote(job, safe='')}"
