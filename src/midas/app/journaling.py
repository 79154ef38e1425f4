"""The journal, opened for one use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from midas.app.workspace import Workspace

if TYPE_CHECKING:
    from midas.db.journal import SqlJournal


@asynccontextmanager
async def journal(workspace: Workspace) -> AsyncIterator[SqlJournal]:
    """Open the journal on this event loop and close it again."""
    from midas.db.journal import SqlJournal

    opened = SqlJournal(workspace.database.place)
    try:
        yield opened
    finally:
        await opened.close()
