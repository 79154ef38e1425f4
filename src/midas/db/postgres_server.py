"""A PostgreSQL database."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from midas.core.errors import InvalidInput, MidasError
from midas.db.columns import to_json
from midas.db.postgres_failures import FAILURES, lost, meaning
from midas.db.revision import HEAD
from midas.db.schema import require_known

LOCK_TIMEOUT_MS = 5_000
"""How long a transaction waits for another process's write."""

STANDSTILL_MS = 30_000
"""How long a transaction may say nothing before the server ends it: whoever began it was stopped or cut off."""

_WRITING = 0x6D696461
"""Advisory lock of a writing transaction."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """The database that `url` names; its password is kept out of every message."""

    url: URL = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> PostgresServer:
        """Read a `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

        Raises
        ------
        InvalidInput: it is none.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            url = None
        if url is None or url.get_backend_name() != "postgresql" or not url.database:
            raise InvalidInput(
                "The database setting is no PostgreSQL address.",
                hint="Write postgresql://USER:PASSWORD@HOST:PORT/NAME, or unset it for a SQLite file in the data home.",
                code="bad_setting",
            )
        return cls(url.set(drivername="postgresql+asyncpg"))

    @property
    def name(self) -> str:
        """What people know it by."""
        return f"{self.url.database} at {self.url.host or 'localhost'}:{self.url.port or 5432}"

    @property
    def serves(self) -> bool:
        return True

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        return FAILURES

    def upgrade(self) -> None:
        # a loop of its own, for the caller's may be running
        with ThreadPoolExecutor(1) as aside:
            try:
                aside.submit(asyncio.run, self._upgrade()).result()
            except FAILURES as failure:
                meant = self.meaning(failure)
                if meant is None:
                    raise
                raise meant from failure

    def engine(self, *, writes: bool, alone: bool = True, silence_s: float | None = None) -> AsyncEngine:
        settings = {
            "application_name": "midas",
            "timezone": "UTC",
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(STANDSTILL_MS),
        }
        if not writes:
            # one moment for all that a transaction reads, as in a file
            settings |= {"default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
        if silence_s is not None:
            silence_ms = str(round(silence_s * 1000))
            settings |= {"idle_session_timeout": silence_ms, "idle_in_transaction_session_timeout": silence_ms}
        engine = create_async_engine(
            self.url,
            # a connection must not outlive its event loop, and one-shot commands have a loop for each call
            poolclass=NullPool,
            json_serializer=to_json,
            connect_args={"server_settings": settings},
        )
        if writes and alone:
            event.listen(engine.sync_engine, "begin", _alone)
        return engine

    def meaning(self, failure: Exception) -> MidasError | None:
        return meaning(failure, self.name)

    def lost(self, failure: Exception) -> bool:
        return lost(failure)

    async def _upgrade(self) -> None:
        engine = self.engine(writes=True)
        async with engine.connect() as connection:
            if await connection.run_sync(revision) == HEAD:
                return
        async with engine.begin() as connection:
            await connection.run_sync(_to_head, self.name)


def _alone(connection: Connection) -> None:
    # one write at a time, as on SQLite: what a transaction read still holds when it writes
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")


def revision(connection: Connection) -> str | None:
    """Return the revision the connected PostgreSQL database is at; None when it has none."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _to_head(connection: Connection, name: str) -> None:
    found = revision(connection)
    if found == HEAD:
        return
    from midas.db.migrating import move

    require_known(found, name)
    move(connection, HEAD)
