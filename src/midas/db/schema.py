"""Bringing a database to the tables this version knows."""

from __future__ import annotations

from pathlib import Path

from midas.core.errors import StorageCorrupt
from midas.db.revision import HEAD, revision
from midas.marketdata.lock import exclusive

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
        from midas.db.migrating import upgrade

        require_known(found, str(path))
        upgrade(path)


def require_known(found: str | None, name: str) -> None:
    """Check that this version knows the revision a database is at.

    Raises
    ------
    StorageCorrupt: it does not.
    """
    from midas.db.migrating import known_revisions

    if found is not None and found not in known_revisions():
        raise StorageCorrupt(
            f"The database {name} is at revision {found}, which this version does not know.",
            hint="It was used by a later Midas: upgrade this one, or choose another MIDAS_HOME.",
            code="database_newer",
        )
