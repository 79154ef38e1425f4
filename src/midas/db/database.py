"""The database, and the transactions queries run in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from midas.db.place import Place
from midas.db.sessions import ReadSession, WriteSession
from midas.db.sqlite_file import SqliteFile

Given = ParamSpec("Given")
Outcome = TypeVar("Outcome")


class Database:
    """A SQLite file or a PostgreSQL database.

    A query is a function of a session; each call is one transaction that the event loop awaits.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._reading = place.engine(writes=False)
        self._writing = place.engine(writes=True)

    @classmethod
    def open(cls, where: Path | str) -> Database:
        """Open the SQLite file of a path or the PostgreSQL database of an address, made or upgraded as needed.

        Raises
        ------
        InvalidInput: no address of a database.
        StorageCorrupt, Busy, StorageFull, Unavailable: it cannot be opened.
        """
        place = place_of(where)
        place.upgrade()
        return cls(place)

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
        except self.place.failures as failure:
            meant = self.place.meaning(failure)
            if meant is None:
                raise
            raise meant from failure


def place_of(where: Path | str) -> Place:
    """Return the place that a path or an address names.

    Raises
    ------
    InvalidInput: no address of a database.
    """
    if isinstance(where, Path):
        return SqliteFile(where)
    # asyncpg costs 0.1 s to import: a file needs none of it
    from midas.db.postgres_server import PostgresServer

    return PostgresServer.parse(where)
