"""A SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from midas.core.errors import MidasError
from midas.db.columns import to_json
from midas.db.failures import meaning
from midas.db.schema import upgrade_file

BUSY_TIMEOUT_S = 5.0
"""How long a transaction waits for another process's write."""

_ALWAYS = (
    "PRAGMA foreign_keys = ON",
    # FULL survives a power cut; results and orders are worth the few milliseconds
    "PRAGMA synchronous = FULL",
)


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """The file at `path`; a transaction waits `busy_timeout_s` for another's write.

    turn : held by whoever writes through a line of this object. SQLite itself wakes those who wait by chance, after
    naps that grow: a trader of many accounts would keep itself out.
    """

    path: Path
    busy_timeout_s: float = BUSY_TIMEOUT_S
    turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def serves(self) -> bool:
        return False

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        return (DBAPIError,)

    def upgrade(self) -> None:
        upgrade_file(self.path)

    def engine(self, *, writes: bool, alone: bool = True, silence_s: float | None = None) -> AsyncEngine:  # noqa: ARG002
        engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}", **self._ways())
        _prepare(engine.sync_engine, writes=writes)
        return engine

    def blocking_engine(self, *, writes: bool) -> Engine:
        engine = create_engine(f"sqlite:///{self.path}", **self._ways())
        _prepare(engine, writes=writes)
        return engine

    def _ways(self) -> dict[str, Any]:
        return {
            # a connection is a thread that must not outlive its event loop, and one-shot commands have a loop for
            # each call
            "poolclass": NullPool,
            "json_serializer": to_json,
            # None: we begin transactions ourselves, so that a write is one from its first statement
            "connect_args": {"isolation_level": None, "timeout": self.busy_timeout_s},
        }

    def meaning(self, failure: Exception) -> MidasError | None:
        said = failure.orig if isinstance(failure, DBAPIError) else None
        return meaning(said, self.path) if isinstance(said, sqlite3.Error) else None

    def lost(self, failure: Exception) -> bool:  # noqa: ARG002
        return False


def _prepare(engine: Engine, *, writes: bool) -> None:
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    pragmas: Sequence[str] = _ALWAYS if writes else (*_ALWAYS, "PRAGMA query_only = ON")

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
