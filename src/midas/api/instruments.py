"""`/api/v1/instruments`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from midas.api.cursor import day, text
from midas.api.dependencies import Cursor, Here, Limit
from midas.api.pages import after, page
from midas.app import instruments
from midas.wire.instruments import Bar, Instrument
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/instruments", tags=["instruments"])

Name = Annotated[str | None, Query(max_length=64)]


@router.get("")
async def list_instruments(
    workspace: Here, query: Name = None, dataset: Name = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[Instrument]:
    """List instruments by id; `query` is part of an id or a name."""
    part = await instruments.page(workspace, query, dataset, limit, after("instruments", cursor, (text,)))
    return page("instruments", part)


@router.get("/{instrument}")
async def show_instrument(workspace: Here, instrument: str) -> Instrument:
    """Show an instrument by id (`005930.XKRX`) or display symbol."""
    return await instruments.show(workspace, instrument)


@router.get("/{instrument}/bars")
async def list_bars(
    workspace: Here,
    instrument: str,
    start: date | None = None,
    end: date | None = None,
    dataset: Name = None,
    limit: Limit = 500,
    cursor: Cursor = None,
) -> Page[Bar]:
    """List bars, oldest first, both ends inclusive."""
    part = await instruments.bars(workspace, instrument, dataset, start, end, limit, after("bars", cursor, (day,)))
    return page("bars", part)


@router.get("/{instrument}/latest")
async def show_latest_bar(workspace: Here, instrument: str, dataset: Name = None) -> Bar:
    """Show the last bar of a dataset, or else of all that hold the instrument."""
    return await instruments.latest(workspace, instrument, dataset)
