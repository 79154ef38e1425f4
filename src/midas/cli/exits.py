"""How the command ends, as a shell sees it."""

from __future__ import annotations

from enum import IntEnum

from midas.core.errors import (
    AlreadyExists,
    Busy,
    DataBlocked,
    DataInvalid,
    InvalidInput,
    MidasError,
    NotFound,
    Refused,
    StorageCorrupt,
    Unavailable,
)


class Exit(IntEnum):
    """Exit codes; they never change their meaning."""

    OK = 0
    INTERNAL = 1
    INVALID = 2
    NOT_FOUND = 3
    DATA = 4
    CONFLICT = 5
    UNAVAILABLE = 6
    CORRUPT = 7
    REFUSED = 8
    INTERRUPTED = 130


EPILOG = """
Exit codes: 0 ok, 1 unexpected error, 2 invalid input, 3 not found, 4 data invalid or blocked, 5 conflict or busy,
6 unavailable (network, port, disk), 7 storage corrupt, 8 refused, 70 another trader took this one's accounts over,
130 interrupted.

Every option has its variable: MIDAS_JSON, MIDAS_URL, MIDAS_BACKTEST_RUN_UNIVERSE. With --json stdout is exactly one
document; an error is {"error": {...}}, and the exit code is not 0.
"""

# The first class an error belongs to decides: DataInvalid is an InvalidInput too.
_BY_ERROR: tuple[tuple[type[MidasError], Exit], ...] = (
    (DataInvalid, Exit.DATA),
    (DataBlocked, Exit.DATA),
    (InvalidInput, Exit.INVALID),
    (NotFound, Exit.NOT_FOUND),
    (AlreadyExists, Exit.CONFLICT),
    (Busy, Exit.CONFLICT),
    (Unavailable, Exit.UNAVAILABLE),
    (StorageCorrupt, Exit.CORRUPT),
    (Refused, Exit.REFUSED),
)


def exit_for(error: MidasError) -> Exit:
    """Return the exit code that stands for `error`."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.INTERNAL)
