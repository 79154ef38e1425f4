"""One connection to a file, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from midas.db.failures import busy
from midas.db.sqlite_file import SqliteFile

Outcome = TypeVar("Outcome")


class FileLine:
    """Transactions one after the other, each handed to the thread as a whole.

    A step to it and back for each statement would take longer than the file does.
    """

    def __init__(self, place: SqliteFile, *, writes: bool) -> None:
        self._place = place
        self._writes = writes
        self._engine = place.blocking_engine(writes=writes)
        self._thread: ThreadPoolExecutor | None = None
        self._connection: Connection | None = None

    async def transact(self, work: Callable[[Connection], Outcome]) -> Outcome:
        """Return what `work` returns, called in the thread, once it is committed.

        Raises
        ------
        Busy, StorageFull, StorageCorrupt: nothing was stored.
        """
        return await asyncio.shield(asyncio.ensure_future(self._there(work)))

    async def close(self) -> None:
        """Let go of the connection."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._drop)
            thread.shutdown(wait=False)

    async def _there(self, work: Callable[[Connection], Outcome]) -> Outcome:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="midas-file")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._attempt, work)

    def _attempt(self, work: Callable[[Connection], Outcome]) -> Outcome:
        if not self._writes:
            return self._transact(work)
        turn = self._place.turn
        if not turn.acquire(timeout=self._place.busy_timeout_s):
            raise busy(self._place.path)
        try:
            return self._transact(work)
        finally:
            turn.release()

    def _transact(self, work: Callable[[Connection], Outcome]) -> Outcome:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._connection.begin():
                return work(self._connection)
        except self._place.failures as failure:
            self._drop()
            meant = self._place.meaning(failure)
            if meant is None:
                raise
            raise meant from failure

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
