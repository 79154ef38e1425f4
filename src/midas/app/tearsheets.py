"""Tear sheets: a stored result as one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import backtests
from midas.app.workspace import Workspace
from midas.wire.backtests import Backtest

if TYPE_CHECKING:
    from midas.backtest.artifact import StoredResult


async def render(workspace: Workspace, row: Backtest) -> str:
    """Return the page as HTML.

    Raises
    ------
    StorageCorrupt: the series are gone or damaged.
    """
    result = await backtests.stored(workspace, row)
    return await to_thread.run_sync(_render, workspace, row, result)


def _render(workspace: Workspace, row: Backtest, result: StoredResult) -> str:
    raise NotImplementedError
