"""Where a database is, and what differs between the kinds there are."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from midas.core.errors import MidasError


class Place(Protocol):
    """A SQLite file or a PostgreSQL server."""

    @property
    def name(self) -> str:
        """What people know it by; no password is part of it."""
        ...

    @property
    def serves(self) -> bool:
        """Whether it is a server, which has sessions and locks of its own."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its driver raises; `meaning` knows what each is to us."""
        ...

    def upgrade(self) -> None:
        """Create the tables, or bring them to what this version knows.

        Raises
        ------
        StorageCorrupt, Busy, StorageFull, Unavailable: it cannot be.
        """
        ...

    def engine(self, *, writes: bool, alone: bool = True, silence_s: float | None = None) -> AsyncEngine:
        """Return an engine that connects anew for every use; one that does not write cannot.

        alone : writing transactions wait for each other, as they always do in a file; without it they must lock what
        they read. silence_s : a server ends a connection that says nothing for so long.
        """
        ...

    def meaning(self, failure: Exception) -> MidasError | None:
        """Return our error for a failure; None where it is a defect of ours."""
        ...

    def lost(self, failure: Exception) -> bool:
        """Tell whether the connection is gone, so that what it was doing is not known."""
        ...
