"""One connection to a database, kept open, and transactions one after the other on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from midas.db.file_line import FileLine
from midas.db.place import Place
from midas.db.server_line import ServerLine
from midas.db.sqlite_file import SqliteFile

Outcome = TypeVar("Outcome")


class Line(Protocol):
    """Transactions that do not wait for other writers, and must lock what they read before they write it."""

    async def transact(self, work: Callable[[Connection], Outcome]) -> Outcome:
        """Return what `work` returns, once it is committed; whoever waits may give up, the transaction goes on.

        Raises
        ------
        CommitUnheard: nobody knows whether it was committed.
        Busy, StorageFull, StorageCorrupt, Unavailable: nothing was stored.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


def line_to(
    place: Place, *, writes: bool, once: bool = False, single: bool = False, silence_s: float | None = None
) -> Line:
    """Return a line to a place; a server's is made anew when it was lost, unless `once`.

    single : each work is one statement, which is a transaction by itself: a server is spoken to once instead of three
    times. silence_s : see `Place.engine`.
    """
    if isinstance(place, SqliteFile):
        return FileLine(place, writes=writes)
    return ServerLine(place, writes=writes, once=once, single=single, silence_s=silence_s)
