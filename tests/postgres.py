"""Databases of a PostgreSQL that runs on this machine, made for a test and dropped after it."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from midas.db.database import place_of

ADDRESS = os.environ.get("MIDAS_TEST_POSTGRES", "postgresql://127.0.0.1:5432/postgres")


def asked(address: str, *statements: str) -> Any:
    """Say statements to a database, each its own transaction, and return what the last one found."""

    async def ask() -> Any:
        connection = await asyncpg.connect(address, timeout=5)
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
    """Yield the server of this machine; the test is skipped where none can be reached."""
    name = f"midas_test_{secrets.token_hex(4)}"
    try:
        asked(ADDRESS, f"CREATE DATABASE {name}")
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        if os.environ.get("MIDAS_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"PostgreSQL is required here but {ADDRESS} does not let us in: {error}")
        pytest.skip(f"no PostgreSQL at {ADDRESS}")
    server = Postgres(ADDRESS, name)
    try:
        place_of(server.url(name)).upgrade()
        yield server
    finally:
        drops = [f"DROP DATABASE IF EXISTS {each} WITH (FORCE)" for each in (*server.made, name)]
        asked(ADDRESS, *drops)
