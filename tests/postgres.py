"""Databases of a PostgreSQL of the suite's own, made for a test.

A server that others use as well is asked only where none can be started or MIDAS_TEST_POSTGRES names it: to make or
drop a database, all of a server's sessions must answer, and one of a stranger that is stuck would stop the suite.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url
from tests.db.cluster import cluster, programs
from tests.scale import scale

from midas.db.database import place_of

HURRIED = "-c fsync=off -c autovacuum=off" if scale() == 1 else ""
"""Nobody crashes this one (see tests.db.cluster): to drop a database it would wait for the disk, and look after
hundreds of them. At full scale it is measured as it is."""

USUAL = "postgresql://127.0.0.1:5432/postgres"
PATIENCE_S = 60


def asked(address: str, *statements: str) -> Any:
    """Say statements to a database, each its own transaction, and return what the last one found."""

    async def ask() -> Any:
        connection = await asyncpg.connect(address, timeout=5, command_timeout=PATIENCE_S)
        try:
            found = None
            for statement in statements:
                found = await connection.fetch(statement)
            return found
        finally:
            await connection.close()

    return asyncio.run(ask())


@dataclass
class Postgres:
    """A server, and a template with every table in it, from which databases are made quickly."""

    address: str
    template: str
    made: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return str(make_url(self.address).set(database=name))

    def fresh(self) -> str:
        """Return the address of a new database at the latest revision."""
        name = f"{self.template}_{len(self.made)}"
        asked(self.address, f"CREATE DATABASE {name} TEMPLATE {self.template}")
        self.made.append(name)
        return self.url(name)

    def empty(self) -> str:
        """Return the address of a new database without tables."""
        name = f"{self.template}_{len(self.made)}"
        asked(self.address, f"CREATE DATABASE {name}")
        self.made.append(name)
        return self.url(name)

    def drop(self, url: str) -> None:
        asked(self.address, f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Yield a server; the test is skipped where none can be started or reached."""
    named = os.environ.get("MIDAS_TEST_POSTGRES")
    own = named is None and programs() is not None
    with cluster(HURRIED) if own else nullcontext() as started:
        address = started.address if started else named or USUAL
        name = f"midas_test_{secrets.token_hex(4)}"
        try:
            asked(address, f"CREATE DATABASE {name}")
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            if own or os.environ.get("MIDAS_REQUIRE_POSTGRES") == "1":
                pytest.fail(f"PostgreSQL is required here but {address} does not let us in: {error}")
            pytest.skip(f"no PostgreSQL at {address}")
        server = Postgres(address, name)
        try:
            place_of(server.url(name)).upgrade()
            yield server
        finally:
            # a server of our own goes with all it holds
            if not own:
                drops = [f"DROP DATABASE IF EXISTS {each} WITH (FORCE)" for each in (*server.made, name)]
                asked(address, *drops)
