"""What can be said of a PostgreSQL server without changing anything on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from midas.core.errors import Unavailable
from midas.db.postgres_server import PostgresServer, revision

PATIENCE_S = 10.0
"""How long a server may take to answer."""

_TRIED = 0x6D696463
"""Advisory lock that is tried and let go of."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How a server is. revision : of our tables, None where there are none. standby : it takes no writes.

    locks : a lock taken in one transaction is still ours in the next, as a trader needs it; not through a pooler that
    gives each transaction another session.
    """

    version: str
    revision: str | None
    standby: bool
    locks: bool


def look(server: PostgresServer) -> Looked:
    """Ask a server how it is; called where no event loop runs.

    Raises
    ------
    Unavailable: it does not answer, or does not let us in.
    """
    try:
        return asyncio.run(_look(server))
    except TimeoutError as error:
        raise Unavailable(f"The database {server.name} does not answer.", code="database_unavailable") from error
    except server.failures as failure:
        meant = server.meaning(failure)
        if meant is None:
            raise
        raise meant from failure


async def _look(server: PostgresServer) -> Looked:
    engine = server.engine(writes=True, alone=False)
    async with asyncio.timeout(PATIENCE_S), engine.connect() as connection:
        version = str((await connection.execute(text("SHOW server_version"))).scalar_one())
        standby = bool((await connection.execute(text("SELECT pg_is_in_recovery()"))).scalar_one())
        found = await connection.run_sync(revision)
        await connection.rollback()
        return Looked(version.split()[0], found, standby, await _keeps_locks(connection))


async def _keeps_locks(connection: AsyncConnection) -> bool:
    taken = text("SELECT pg_try_advisory_lock(:key)").bindparams(key=_TRIED)
    given_back = text("SELECT pg_advisory_unlock(:key)").bindparams(key=_TRIED)
    if not (await connection.execute(taken)).scalar_one():
        # another doctor is at it: locks work
        return True
    await connection.commit()
    kept = bool((await connection.execute(given_back)).scalar_one())
    await connection.commit()
    return kept
