"""Who follows an owner that stands still ends what is in its way, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from midas.core.clock import SystemClock
from midas.db.database import Database, place_of
from midas.db.ownership import SqlOwnership

LEASE_S = 1.0
IN_THE_WAY = "SELECT account FROM account_heads WHERE account = 'a' FOR UPDATE"
HARMLESS = "SELECT count(*) FROM account_heads"


async def survivors(where: str, folder: Path) -> list[str]:
    """Return which transactions that were silent for longer than half a lease are there after a take-over."""
    engine = place_of(where).engine(writes=True, alone=False)
    async with engine.connect() as way, engine.connect() as harmless:
        for connection, query in ((way, IN_THE_WAY), (harmless, HARMLESS)):
            await connection.execute(text(query))
        await asyncio.sleep(LEASE_S)
        following = SqlOwnership(place_of(where), folder, SystemClock(), LEASE_S)
        async with asyncio.timeout(20):
            await following.acquire("a")
        await following.close()
        alive = []
        for connection, query in ((way, IN_THE_WAY), (harmless, HARMLESS)):
            try:
                await connection.execute(text("SELECT 1"))
                alive.append(query)
            except DBAPIError:
                await connection.invalidate()
    await engine.dispose()
    return alive


def test_a_transaction_that_only_reads_is_left_alone(postgres: pytest.FixtureRequest, tmp_path: Path) -> None:
    where = postgres.fresh()  # type: ignore[attr-defined]
    database = Database.open(where)
    database.close()
    first = SqlOwnership(place_of(where), tmp_path, SystemClock(), LEASE_S)

    async def owned() -> None:
        epoch = await first.acquire("a")
        await first.release("a", epoch)
        await first.close()

    asyncio.run(owned())
    assert asyncio.run(survivors(where, tmp_path)) == [HARMLESS]
    postgres.drop(where)  # type: ignore[attr-defined]
