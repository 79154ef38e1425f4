"""Which revision a database is at, asked without Alembic."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from midas.db.failures import meaning

HEAD = "0007"
"""The latest revision under `migrations/versions`."""

MIGRATIONS = Path(__file__).parent / "migrations"


def revision(path: Path) -> str | None:
    """Return the revision a SQLite file is at; None when it has none.

    Raises
    ------
    StorageCorrupt: not a database.
    Busy: another process holds it.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path, timeout=5.0, isolation_level=None)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    except sqlite3.Error as error:
        raise meaning(error, path) from error
    return str(row[0]) if row else None
