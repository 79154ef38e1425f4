"""What PostgreSQL's complaints, and those of the way to it, mean to the one who asked."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError

from midas.core.errors import Busy, InvalidInput, MidasError, StorageCorrupt, StorageFull, Unavailable

FAILURES = (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What may come of asking; on the way to the server also what the driver and the system say."""

_BUSY = {"40001", "40P01", "55P03"}
_CORRUPT = {"XX001", "XX002"}
_FULL = {"53100"}
_UNFIT = "22"
_AWAY = ("08", "57P", "53", "28", "3D")
"""Beginnings of codes: no connection, shutting down, too many, not let in, no such database."""


def meaning(failure: Exception, name: str) -> MidasError | None:
    """Return our error for what happened on asking the database called `name`; None where we asked nonsense."""
    state = sqlstate(failure)
    if state in _CORRUPT:
        return StorageCorrupt(
            f"The database {name} is damaged.", hint="Restore it from a backup.", code="database_corrupt"
        )
    if (state or "").startswith(_UNFIT):
        return InvalidInput("A value does not fit where it is kept.", hint="Use a shorter or smaller one.")
    if state in _BUSY:
        return Busy(f"The database {name} is in use by another process.", hint="Try again.", code="database_busy")
    if state in _FULL:
        return StorageFull(f"The disk of the database {name} is full.", hint="Free some space and try again.")
    if lost(failure) or (state or "").startswith(_AWAY):
        return Unavailable(
            f"The database {name} does not answer.",
            hint="Check that it runs, that it can be reached, and that the user may connect.",
            code="database_unavailable",
        )
    return None


def lost(failure: Exception) -> bool:
    """Tell whether the connection is gone, and with it the word on whether a commit went through."""
    below: BaseException | None = failure
    if isinstance(failure, DBAPIError):
        if failure.connection_invalidated:
            return True
        below = failure.orig.__cause__ if failure.orig is not None else None
    if isinstance(below, OSError | TimeoutError):
        return True
    if isinstance(below, asyncpg.InterfaceError) and "closed" in str(below):
        return True
    return (sqlstate(failure) or "").startswith(("08", "57P"))


def sqlstate(failure: Exception) -> str | None:
    """Return the five characters PostgreSQL classifies an error by."""
    said = failure.orig if isinstance(failure, DBAPIError) else failure
    found = getattr(said, "sqlstate", None) or getattr(said, "pgcode", None)
    return None if found is None else str(found)
