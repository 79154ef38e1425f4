"""Bringing a database to the tables this version knows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from midas.core.errors import StorageCorrupt
from midas.db.failures import meaning
from midas.marketdata.lock import exclusive

HEAD = "0001"
"""The latest revision under `migrations/versions`."""

MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE_S = 30.0


def upgrade_file(path: Path) -> None:
    """Create or upgrade the SQLite database at `path`; at once when it is at HEAD already.

    Raises
    ------
    StorageCorrupt: not a database, or one made by a later version.
    Busy: another process holds it.
    """
    # alembic costs 0.3 s to import: a database that is already right must not pay for it
    if revision(path) == HEAD:
        return
    with exclusive(path.with_name(path.name + ".lock"), f"the database {path}", _PATIENCE_S):
        found = revision(path)
        if found == HEAD:
            return
        from midas.db.migrating import known_revisions, upgrade

        if found is not None and found not in known_revisions():
            raise StorageCorrupt(
                f"The database {path} is at revision {found}, which this version does not know.",
                hint="It was used by a later Midas: upgrade this one, or choose another MIDAS_HOME.",
                code="database_newer",
            )
        upgrade(path)


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
