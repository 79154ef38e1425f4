"""The one tree of errors Midas raises on purpose.

    MidasError
    ├── InvalidInput            the request is wrong: fix it and ask again
    │   ├── StrategyInvalid     a strategy's text, file or parameters are wrong
    │   └── DataInvalid         a data file breaks the data contract; carries the findings
    ├── NotFound                the named thing does not exist
    ├── AlreadyExists           the name is taken, or the stored version moved on
    ├── DataBlocked             data is missing, empty or stale: nothing may be computed from it
    ├── Unavailable             a vendor, port, disk or database does not answer: try again later
    │   └── StorageFull         no room left on the disk
    ├── StorageCorrupt          a stored file or database cannot be read
    ├── Busy                    another process holds what this one needs
    └── Refused                 not allowed from here

One class for each thing a caller does differently. Every error says what happened, why, and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches


class MidasError(Exception):
    """What happened, with a stable `code` for programs and a `hint` for people."""

    default_code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str = "", findings: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.findings = tuple(findings)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(MidasError):
    """The request itself is wrong."""

    default_code = "invalid_input"


class StrategyInvalid(InvalidInput):
    """A strategy's text, file or parameters are wrong."""

    default_code = "strategy_invalid"


class DataInvalid(InvalidInput):
    """A data file breaks the data contract; `findings` names each breach."""

    default_code = "data_invalid"


class NotFound(MidasError):
    """The named thing does not exist."""

    default_code = "not_found"


class AlreadyExists(MidasError):
    """The name is taken, or the stored version moved on."""

    default_code = "already_exists"


class DataBlocked(MidasError):
    """Data is missing, empty or stale, so nothing may be computed from it."""

    default_code = "data_blocked"


class Unavailable(MidasError):
    """Something outside does not answer; trying again later may help."""

    default_code = "unavailable"


class StorageFull(Unavailable):
    """No room left on the disk."""

    default_code = "storage_full"


class StorageCorrupt(MidasError):
    """A stored file or database cannot be read."""

    default_code = "storage_corrupt"


class Busy(MidasError):
    """Another process holds what this one needs."""

    default_code = "busy"


class Refused(MidasError):
    """Not allowed from here."""

    default_code = "refused"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a hint naming the closest known words, or the known words when none is close."""
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    if close:
        # a plain slip of the finger has one answer; names that merely share a part with it only distract
        likeness = [SequenceMatcher(None, name, word).ratio() for name in close]
        close = [name for name, like in zip(close, likeness, strict=True) if like >= likeness[0] - 0.15]
        return "Did you mean " + " or ".join(f"{name!r}" for name in close) + "?"
    shown = ", ".join(sorted(known)[:12])
    more = len(known) - 12
    return f"Known: {shown}" + (f" and {more} more." if more > 0 else ".")
