"""Doing jobs: rows in the database say what, seats do it, rows say what came of it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Generic, TypeVar

from midas.app import owner as owners
from midas.app.home import Home
from midas.app.owner import Owner
from midas.app.seats import Seat, Work
from midas.core.clock import Clock
from midas.core.errors import MidasError
from midas.db import jobs
from midas.db.database import Database
from midas.db.jobs import JobRecord
from midas.wire.jobs import FINISHED
from midas.wire.problem import Problem

LOG = logging.getLogger("midas.jobs")

_NOTE_EVERY_S = 1.0
_LOOK_EVERY_S = 0.2
_GOODBYE_S = 5.0

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Settled:
    """What a finished job is remembered by."""

    result_id: str | None
    result: object


@dataclass(frozen=True, slots=True)
class Task(Generic[Outcome]):
    """A piece of work: `work` is done in a seat, then `settle` in this process, where the database is."""

    kind: str
    work: Work[Outcome]
    settle: Callable[[Outcome], Settled]


class Stopped(Exception):
    """Raised inside a job that was asked to stop."""


class _Running:
    def __init__(self, record: JobRecord) -> None:
        self.record = record
        self.stop = threading.Event()
        self.over: Future[None] = Future()


class JobRunner:
    """The jobs of this process. Threads start with the first job."""

    def __init__(self, database: Database, clock: Clock, home: Home, seats: Sequence[Seat]) -> None:
        self._database = database
        self._clock = clock
        self._home = home
        self._seats = seats
        self._queue: SimpleQueue[tuple[_Running, Task[object]] | None] = SimpleQueue()
        self._own: dict[str, _Running] = {}
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self.owner = Owner(home.run)

    def fail_orphans(self) -> None:
        """Mark the jobs of processes that died as failed."""
        gone = owners.dead(self._home.run)
        if gone:
            lost = MidasError(
                "The process that did this job ended before the job did.", hint="Run it again.", code="job_lost"
            )
            problem = Problem.of(lost).model_dump(mode="json")
            self._database.write_now(jobs.orphan, gone, problem, self._clock.now_utc())
            owners.bury(self._home.run, gone)

    async def submit(self, task: Task[Outcome]) -> JobRecord:
        """Queue a task and return its job."""
        self.start()
        record = JobRecord(
            id=_new_id(self._clock), kind=task.kind, state="queued", progress=0.0, message="", result_id=None,
            result=None, error=None, owner=self.owner.name, stop_asked=False, created_at=self._clock.now_utc(),
            finished_at=None,
        )  # fmt: skip
        await self._database.write(jobs.add, record)
        running = _Running(record)
        self._own[record.id] = running
        self._queue.put((running, task))  # type: ignore[arg-type]  # each task is settled by its own outcome
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
            if record.state in FINISHED or left <= 0 or (own is not None and own.over.done()):
                return record
            if own is None:
                await asyncio.sleep(min(left, _LOOK_EVERY_S))
            else:
                # wait, unlike wait_for, leaves the future alone when the time is up
                await asyncio.wait([asyncio.wrap_future(own.over)], timeout=left)

    async def cancel(self, job: str) -> JobRecord:
        """Ask a job to stop, whichever process does it."""
        record = await self._database.write(jobs.ask_to_stop, job, self._clock.now_utc())
        own = self._own.get(job)
        if own is not None:
            own.record = replace(own.record, state=record.state, finished_at=record.finished_at)
            own.stop.set()
        return record

    def start(self) -> None:
        """Begin to take jobs."""
        with self._starting:
            if self._threads:
                return
            self.owner.sign_in()
            for seat in self._seats:
                thread = threading.Thread(target=self._work, args=(seat,), name="midas-jobs", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Stop every job and let go."""
        self._closing.set()
        if not self._threads:
            return
        for own in list(self._own.values()):
            own.stop.set()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(_GOODBYE_S)
        for seat in self._seats:
            seat.close()
        self.owner.sign_out()

    def _work(self, seat: Seat) -> None:
        while (item := self._queue.get()) is not None:
            running, task = item
            try:
                self._finish(running, self._outcome(seat, running, task))
            except Exception as error:  # house: broad-except: the edge of a thread that must live on for the next job
                LOG.exception("job %s could not be noted", running.record.id, exc_info=error)
                self._finish(running, _failed(running.record, _internal()))
            finally:
                running.over.set_result(None)

    def _outcome(self, seat: Seat, running: _Running, task: Task[object]) -> JobRecord:
        report = _Reporter(self._database, self._clock, running)
        try:
            report.note(0.0, "started")
            settled = task.settle(seat.perform(task.work, report, report.pulse))
        except Stopped:
            return replace(running.record, state="cancelled")
        except MidasError as error:
            return _failed(running.record, error)
        except Exception as error:  # house: broad-except: the edge of a job; it is logged and the job says it failed
            LOG.exception("job %s (%s) failed", running.record.id, task.kind, exc_info=error)
            return _failed(running.record, _internal())
        return replace(running.record, state="done", progress=1.0, result_id=settled.result_id, result=settled.result)

    def _finish(self, running: _Running, record: JobRecord) -> None:
        record = replace(record, finished_at=self._clock.now_utc())
        try:
            self._database.write_now(jobs.finish, record)
        except MidasError as error:
            # the row stays behind until the next start; who waits here must still learn how it ended
            LOG.error("job %s could not be noted: %s", record.id, error)
            if record.state == "done":
                record = _failed(record, error)
            running.record = record
            return
        running.record = record
        self._own.pop(record.id, None)


class _Reporter:
    # Keeps the live record, tells the database now and then, and learns there whether to stop.
    def __init__(self, database: Database, clock: Clock, running: _Running) -> None:
        self._database = database
        self._clock = clock
        self._running = running
        self._noted_s = float("-inf")

    def __call__(self, fraction: float, message: str) -> None:
        self._running.record = replace(
            self._running.record, state="running", progress=min(max(fraction, 0.0), 1.0), message=message
        )
        self.pulse()

    def pulse(self) -> None:
        record = self._running.record
        if self._clock.monotonic_s() - self._noted_s >= _NOTE_EVERY_S:
            self.note(record.progress, record.message)
        if self._running.stop.is_set():
            raise Stopped

    def note(self, progress: float, message: str) -> None:
        self._noted_s = self._clock.monotonic_s()
        self._running.record = replace(self._running.record, state="running", progress=progress, message=message)
        if self._database.write_now(jobs.report, self._running.record.id, progress, message):
            raise Stopped


def _failed(record: JobRecord, error: MidasError) -> JobRecord:
    return replace(record, state="failed", error=Problem.of(error).model_dump(mode="json"))


def _internal() -> MidasError:
    return MidasError("Something went wrong inside Midas.", hint="The log has the details.", code="internal")


def _new_id(clock: Clock) -> str:
    # milliseconds first: ids sort by age
    return f"j{int(clock.now_utc().timestamp() * 1000):011x}{secrets.token_hex(3)}"
