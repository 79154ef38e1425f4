"""What a database's complaint means to the one who asked."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from midas.core.errors import Busy, MidasError, StorageCorrupt, StorageFull, Unavailable

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def busy(path: Path) -> Busy:
    """Return our error for a file that others wrote to for too long."""
    return Busy(
        f"The database {path} is in use by another process.",
        hint="Wait for it to finish, or stop it.",
        code="database_busy",
    )


def meaning(error: sqlite3.Error, path: Path) -> MidasError:
    """Return our error for what SQLite said about the file at `path`."""
    # the low byte is the primary code; the rest only refines it
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _CORRUPT:
        return StorageCorrupt(
            f"The database {path} is damaged or is not a database.",
            hint="Restore it from a backup; or move it away: Midas then starts an empty one, "
            "and your data (lake/) and results (results/) stay on disk.",
            code="database_corrupt",
        )
    if code in _LOCKED:
        return busy(path)
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(f"The disk that holds {path} is full.", hint="Free some space and try again.")
    return Unavailable(
        f"The database {path} cannot be used: {error}.",
        hint="Check that the folder exists, that you may write there, and that the disk works.",
        code="database_unavailable",
    )
