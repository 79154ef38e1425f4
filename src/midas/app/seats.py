"""Where a job is worked on: a thread of this process, or a process of its own."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar, cast

from midas.core.errors import MidasError
from midas.wire.problem import Problem

Outcome = TypeVar("Outcome")


Tried = Mapping[str, Sequence[str]]
"""Configurations that are about to be evaluated, by hypothesis."""


class Report(Protocol):
    """Told how far the work is."""

    def __call__(self, fraction: float, message: str, tried: Tried | None = None) -> None:
        """`fraction` is 0 to 1. May raise, to stop the work. Returns once `tried` is in the trial ledger."""
        ...


Work = Callable[[Report], Outcome]
"""What a job does; for a process it must be picklable, and so must the outcome."""

_LOOK_EVERY_S = 0.1
_NOTED = b"noted"


class Seat(Protocol):
    """One place where one job at a time is worked on."""

    def perform(self, work: Work[Outcome], report: Report, pulse: Callable[[], None]) -> Outcome:
        """Return what `work` returns. `report` and `pulse` may raise to stop it; `pulse` is called while it is silent.

        Raises
        ------
        MidasError: what the work raised.
        """
        ...

    def close(self) -> None: ...


class InlineSeat:
    """Work in the calling thread; it can be stopped where it reports."""

    def perform(self, work: Work[Outcome], report: Report, pulse: Callable[[], None]) -> Outcome:  # noqa: ARG002
        return work(report)

    def close(self) -> None:
        """Nothing is held."""


class ProcessSeat:
    """Work in a process that is kept for the next job; it can be stopped at any point, and may die."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection[Any, Any] | None = None

    def perform(self, work: Work[Outcome], report: Report, pulse: Callable[[], None]) -> Outcome:
        pipe = self._started()
        finished = False
        try:
            pipe.send_bytes(pickle.dumps(work))
            while True:
                if not pipe.poll(_LOOK_EVERY_S):
                    pulse()
                    continue
                kind, content = pipe.recv()
                if kind == "report":
                    report(*content)
                    if content[-1] is not None:
                        pipe.send_bytes(_NOTED)
                    continue
                finished = True
                return cast(Outcome, _outcome(kind, content))
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise MidasError(
                "The process that did this job died.",
                hint="It may have run out of memory; try fewer symbols or a shorter range.",
                code="worker_died",
            ) from error
        finally:
            # one that was stopped midway still works on the old job: the next one gets a new process
            if not finished:
                self.close()

    def close(self) -> None:
        if self._process is not None and self._pipe is not None:
            self._pipe.close()
            self._process.terminate()
            self._process.join()
        self._process = self._pipe = None

    def _started(self) -> Connection[Any, Any]:
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        self.close()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True, name="midas-job")
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours


def _outcome(kind: str, content: object) -> object:
    if kind == "done":
        return content
    if kind == "failed":
        raise Problem.model_validate(content).error()
    raise RuntimeError(f"a job failed in its process:\n{content}")


def _serve(pipe: Connection[Any, Any]) -> None:
    # Ctrl-C reaches the whole group; whether we stop is for the parent to say
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def report(fraction: float, message: str, tried: Tried | None = None) -> None:
        pipe.send(("report", (fraction, message, tried)))
        if tried is not None:
            pipe.recv_bytes()

    while True:
        try:
            work = pickle.loads(pipe.recv_bytes())
        except EOFError:
            return
        pipe.send(_answer(work, report))


def _answer(work: Work[object], report: Report) -> tuple[str, object]:
    try:
        return "done", work(report)
    except MidasError as error:
        return "failed", Problem.of(error).model_dump()
    except Exception:  # house: broad-except: the edge of a process; the parent reports it
        return "crashed", traceback.format_exc()
