"""Tear sheets: a stored result as one page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from midas.app import backtests
from midas.app.workspace import Workspace
from midas.core.errors import NotFound
from midas.core.timeframe import Timeframe
from midas.wire.backtests import Backtest

if TYPE_CHECKING:
    import polars as pl

    from midas.backtest.artifact import StoredResult


async def render(workspace: Workspace, row: Backtest) -> str:
    """Return the page as HTML.

    Raises
    ------
    StorageCorrupt: the series are gone or damaged.
    """
    return await backtests.read(workspace, row, partial(_render, workspace, row))


def _render(workspace: Workspace, row: Backtest, result: StoredResult) -> str:
    from midas.backtest.luck import Luck
    from midas.reports.stored import sheet_of
    from midas.reports.tearsheet import render

    luck = None if row.luck is None else Luck(**row.luck.model_dump())
    return render(replace(sheet_of(result), luck=luck), _prices(workspace, row, result))


def _prices(workspace: Workspace, row: Backtest, result: StoredResult) -> pl.DataFrame | None:
    from midas.reports.prices import most_traded

    dataset = str(row.settings.get("dataset"))
    traded = most_traded(result.fills())
    if not traded:
        return None
    try:
        return workspace.lake.bars(dataset, traded, row.start, row.end, Timeframe.parse(str(row.settings["frequency"])))
    except NotFound:
        return None  # the dataset was deleted since; the page says that prices are missing
