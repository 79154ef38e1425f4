"""The connection to the database, and the transactions queries run in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from midas.db.failures import meaning
from midas.db.schema import upgrade_file
from midas.db.sessions import ReadSession, WriteSession

BUSY_TIMEOUT_S = 5.0
"""How long a transaction waits for another process's write."""

_ALWAYS = (
    "PRAGMA foreign_keys = ON",
    # FULL survives a power cut; results are worth the few milliseconds
    "PRAGMA synchronous = FULL",
)

Given = ParamSpec("Given")
Outcome = TypeVar("Outcome")


class Database:
    """A SQLite file. A query is a function of a session; each call is one transaction that the event loop awaits.

    Queries are written against a session and not against the engine, so that another database changes this file
    alone.
    """

    def __init__(self, path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self._reading = _engine(path, "BEGIN", (*_ALWAYS, "PRAGMA query_only = ON"), busy_timeout_s)
        self._writing = _engine(path, "BEGIN IMMEDIATE", _ALWAYS, busy_timeout_s)

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open the database at `path`, made or upgraded as needed.

        Raises
        ------
        StorageCorrupt, Busy, StorageFull, Unavailable: it cannot be.
        """
        upgrade_file(path)
        return cls(path)

    async def read(
        self, query: Callable[Concatenate[ReadSession, Given], Outcome], *args: Given.args, **kwargs: Given.kwargs
    ) -> Outcome:
        """Return what `query` finds."""
        return await self._run(self._reading, lambda connection: query(ReadSession(connection), *args, **kwargs))

    async def write(
        self, query: Callable[Concatenate[WriteSession, Given], Outcome], *args: Given.args, **kwargs: Given.kwargs
    ) -> Outcome:
        """Return what `query` returns, once it is stored; nothing is stored when it raises."""
        return await self._run(self._writing, lambda connection: query(WriteSession(connection), *args, **kwargs))

    def close(self) -> None:
        self._reading.sync_engine.dispose()
        self._writing.sync_engine.dispose()

    async def _run(self, engine: AsyncEngine, work: Callable[[Connection], Outcome]) -> Outcome:
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise meaning(error.orig, self.path) from error
            raise


def _engine(path: Path, begin: str, pragmas: Sequence[str], busy_timeout_s: float) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        # a connection is a thread that must not outlive its event loop, and one-shot commands have a loop for each call
        poolclass=NullPool,
        json_serializer=_to_json,
        # None: we begin transactions ourselves, so that a write is one from its first statement
        connect_args={"isolation_level": None, "timeout": busy_timeout_s},
    )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", start)
    return engine


def _to_json(value: object) -> str:
    # NaN is not JSON: a result that still holds one must not be stored
    return json.dumps(value, allow_nan=False, ensure_ascii=False)
