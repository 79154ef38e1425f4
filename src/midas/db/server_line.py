"""One connection to a server, kept open for as long as the event loop it was opened on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from midas.core.errors import Unavailable
from midas.db.place import Place

Outcome = TypeVar("Outcome")


class CommitUnheard(Unavailable):
    """The connection went while a transaction was being committed: nobody said whether it was."""

    default_code = "commit_unheard"


class ServerLine:
    """Transactions one after the other on one connection, which is made anew when it was lost, unless `once`.

    They do not wait for other writers as those of a `Database` do, and must lock what they read before they write it.
    single : see `line_to`. silence_s : see `Place.engine`.
    """

    def __init__(
        self, place: Place, *, writes: bool, once: bool = False, single: bool = False, silence_s: float | None = None
    ) -> None:
        self._place = place
        self._engine = place.engine(writes=writes, alone=False, silence_s=silence_s)
        if single:
            self._engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._once = once
        self._used = False
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection | None = None

    async def transact(self, work: Callable[[Connection], Outcome]) -> Outcome:
        """Return what `work` returns, once it is committed; whoever waits may give up, the transaction goes on.

        A connection that turns out to be lost before the commit is replaced once, for nothing was stored then.

        Raises
        ------
        CommitUnheard: nobody knows whether it was committed.
        Busy, StorageFull, StorageCorrupt, Unavailable: nothing was stored.
        """
        return await asyncio.shield(asyncio.ensure_future(self._alone(work)))

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._turn:
            await self._drop()

    async def _alone(self, work: Callable[[Connection], Outcome]) -> Outcome:
        async with self._turn:
            try:
                return await self._attempt(work)
            except Unavailable as error:
                if isinstance(error, CommitUnheard) or self._connection is not None or self._once:
                    raise
            return await self._attempt(work)

    async def _attempt(self, work: Callable[[Connection], Outcome]) -> Outcome:
        committing = False
        try:
            connection = await self._connected()
            transaction = await connection.begin()
            try:
                outcome = await connection.run_sync(work)
                committing = True
                await transaction.commit()
            finally:
                if not committing:
                    await transaction.rollback()
            return outcome
        except self._place.failures as failure:
            lost = self._place.lost(failure)
            if lost or committing:
                await self._drop()
            if lost and committing:
                raise CommitUnheard("The database went away during a commit.") from failure
            meant = self._place.meaning(failure)
            if meant is None:
                raise
            raise meant from failure

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            if self._once and self._used:
                raise Unavailable("The connection is gone.", code="database_unavailable")
            self._connection = await self._engine.connect()
            self._used = True
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*self._place.failures):
                await connection.invalidate()
            await connection.close()
