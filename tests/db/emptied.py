"""Making a database of a test empty again, what only grows included."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.postgres import asked

import midas.db.tables  # noqa: F401
from midas.db.metadata import METADATA


def empty(where: Path | str) -> None:
    tables = [table.name for table in reversed(METADATA.sorted_tables)]
    if isinstance(where, str):
        wipe = "".join(f"DELETE FROM {table};" for table in tables)
        asked(where, f"DO $$ BEGIN SET LOCAL session_replication_role = replica; {wipe} END $$")
        return
    with closing(sqlite3.connect(where, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for table in tables:
            connection.execute(f"DELETE FROM {table}")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
