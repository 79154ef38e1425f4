"""Doing jobs: rows in the database say what, seats do it, rows say what came of it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace

from anyio import from_thread, to_thread

from midas.app import owner as owners
from midas.app.home import Home
from midas.app.owner import Owner
from midas.app.running_job import RunningJob, Stopped
from midas.app.seats import Report, Seat, Tried
from midas.app.task import Outcome, Settled, Task
from midas.core.clock import Clock
from midas.core.errors import MidasError
from midas.db import jobs
from midas.db.database import Database
from midas.db.jobs import JobRecord
from midas.wire.jobs import FINISHED
from midas.wire.problem import Problem

LOG = logging.getLogger("midas.jobs")

_LOOK_EVERY_S = 0.2
_GOODBYE_S = 5.0


class JobRunner:
    """The jobs of this process, one event loop's; a worker for each seat starts with the first job."""

    def __init__(self, database: Database, clock: Clock, home: Home, seats: Sequence[Seat]) -> None:
        self._database = database
        self._clock = clock
        self._home = home
        self._seats = seats
        self._queue: asyncio.Queue[tuple[RunningJob, Task[object]] | None] = asyncio.Queue()
        self._own: dict[str, RunningJob] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        self.owner = Owner(home.run)

    async def fail_orphans(self) -> None:
        """Mark the jobs of processes that died as failed."""
        gone = await to_thread.run_sync(owners.dead, self._home.run)
        if gone:
            lost = MidasError(
                "The process that did this job ended before the job did.", hint="Run it again.", code="job_lost"
            )
            problem = Problem.of(lost).model_dump(mode="json")
            await self._database.write(jobs.orphan, gone, problem, self._clock.now_utc())
            await to_thread.run_sync(owners.bury, self._home.run, gone)

    async def start(self) -> None:
        """Begin to take jobs."""
        async with self._starting:
            if not self._workers:
                await to_thread.run_sync(self.owner.sign_in)
                self._workers = [asyncio.create_task(self._work(seat)) for seat in self._seats]

    async def submit(self, task: Task[Outcome]) -> JobRecord:
        """Queue a task and return its job."""
        await self.start()
        record = JobRecord(
            id=_new_id(self._clock), kind=task.kind, state="queued", progress=0.0, message="", result_id=None,
            result=None, error=None, owner=self.owner.name, stop_asked=False, created_at=self._clock.now_utc(),
            finished_at=None,
        )  # fmt: skip
        await self._database.write(jobs.add, record)
        running = RunningJob(record)
        self._own[record.id] = running
        self._queue.put_nowait((running, task))  # type: ignore[arg-type]  # each task is settled by its own outcome
        return record

    async def finished(self, kind: str, settled: Settled) -> JobRecord:
        """Return a job that was over before it began: its result was there already."""
        now = self._clock.now_utc()
        record = JobRecord(
            id=_new_id(self._clock), kind=kind, state="done", progress=1.0, message="already there",
            result_id=settled.result_id, result=settled.result, error=None, owner=self.owner.name, stop_asked=False,
            created_at=now, finished_at=now,
        )  # fmt: skip
        await self._database.write(jobs.add, record)
        return record

    async def wait(self, job: str, seconds: float) -> JobRecord:
        """Return how a job stands, at the latest after `seconds`, at once when it is over.

        Raises
        ------
        NotFound: no such job.
        """
        until = self._clock.monotonic_s() + seconds
        while True:
            own = self._own.get(job)
            record = own.record if own is not None else await self._database.read(jobs.show, job)
            left = until - self._clock.monotonic_s()
            if record.state in FINISHED or left <= 0 or (own is not None and own.over.is_set()):
                return record
            if own is None:
                await asyncio.sleep(min(left, _LOOK_EVERY_S))
            else:
                await own.ended_within(left)

    async def cancel(self, job: str) -> JobRecord:
        """Ask a job to stop, whichever process does it."""
        record = await self._database.write(jobs.ask_to_stop, job, self._clock.now_utc())
        own = self._own.get(job)
        if own is not None:
            own.record = replace(own.record, state=record.state, finished_at=record.finished_at)
            own.stop.set()
        return record

    async def close(self) -> None:
        """Stop every job and let go."""
        workers, self._workers = self._workers, []
        if not workers:
            return
        for own in self._own.values():
            own.stop.set()
        for _ in workers:
            self._queue.put_nowait(None)
        _, late = await asyncio.wait(workers, timeout=_GOODBYE_S)
        for worker in late:
            worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for own in list(self._own.values()):
            await self._finish(own, replace(own.record, state="cancelled"))
            own.over.set()
        for seat in self._seats:
            await to_thread.run_sync(seat.close)
        await to_thread.run_sync(self.owner.sign_out)

    async def _work(self, seat: Seat) -> None:
        while (item := await self._queue.get()) is not None:
            running, task = item
            noting = asyncio.create_task(running.keep_noted(self._database))
            try:
                await self._finish(running, await self._outcome(seat, running, task))
            except Exception as error:  # house: broad-except: the edge of a worker that must live on for the next job
                LOG.exception("job %s could not be noted", running.record.id, exc_info=error)
                await self._finish(running, _failed(running.record, _internal()))
            finally:
                noting.cancel()
                running.over.set()

    async def _outcome(self, seat: Seat, running: RunningJob, task: Task[object]) -> JobRecord:
        try:
            await running.note(self._database)
            running.pulse()
            # abandoned when we close and it does not listen: what it still does, nobody will see
            made = await to_thread.run_sync(
                seat.perform, task.work, _reporting(running, task), running.pulse, abandon_on_cancel=True
            )
            settled = await task.settle(made)
        except Stopped:
            return await _stopped(running.record, task)
        except MidasError as error:
            return _failed(running.record, error)
        except Exception as error:  # house: broad-except: the edge of a job; it is logged and the job says it failed
            LOG.exception("job %s (%s) failed", running.record.id, task.kind, exc_info=error)
            return _failed(running.record, _internal())
        return replace(running.record, state="done", progress=1.0, result_id=settled.result_id, result=settled.result)

    async def _finish(self, running: RunningJob, record: JobRecord) -> None:
        record = replace(record, finished_at=self._clock.now_utc())
        try:
            await self._database.write(jobs.finish, record)
        except MidasError as error:
            # the row stays behind until the next start; who waits here must still learn how it ended
            LOG.error("job %s could not be noted: %s", record.id, error)
            running.record = _failed(record, error) if record.state == "done" else record
            return
        running.record = record
        self._own.pop(record.id, None)


# Called where the seat is watched, a thread of the event loop's: what is about to be tried is counted first.
def _reporting(running: RunningJob, task: Task[object]) -> Report:
    def report(fraction: float, message: str, tried: Tried | None = None) -> None:
        running.report(fraction, message)
        if tried is not None and task.count is not None:
            from_thread.run(task.count, tried)

    return report


async def _stopped(record: JobRecord, task: Task[object]) -> JobRecord:
    try:
        kept = await task.keep() if task.keep is not None else None
    except MidasError as error:
        LOG.error("what job %s had finished could not be kept: %s", record.id, error)
        kept = None
    record = replace(record, state="cancelled")
    return record if kept is None else replace(record, result_id=kept.result_id, result=kept.result)


def _failed(record: JobRecord, error: MidasError) -> JobRecord:
    return replace(record, state="failed", error=Problem.of(error).model_dump(mode="json"))


def _internal() -> MidasError:
    return MidasError("Something went wrong inside Midas.", hint="The log has the details.", code="internal")


def _new_id(clock: Clock) -> str:
    # milliseconds first: ids sort by age
    return f"j{int(clock.now_utc().timestamp() * 1000):011x}{secrets.token_hex(3)}"
