"""`/api/v1/trades`."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime

from midas.api.cursor import place
from midas.api.dependencies import Cursor, Here, Limit
from midas.api.pages import after, page
from midas.app import trades
from midas.wire.page import Page
from midas.wire.trades import Trade, TradeStats

router = APIRouter(prefix="/api/v1/trades", tags=["trades"])

Moment = Annotated[
    Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))] | None,
    Query(description="With a time zone, e.g. 2026-01-02T00:00:00Z; `until` is exclusive."),
]


@router.get("")
async def list_trades(
    workspace: Here,
    account: str,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Trade]:
    """List executions, latest first."""
    part = await trades.page(workspace, account, since, until, limit, after("trades", cursor, (place,)))
    return page("trades", part)


@router.get("/stats")
async def show_stats(workspace: Here, account: str, since: Moment = None, until: Moment = None) -> TradeStats:
    """Show what the executions of a period come to."""
    return await trades.stats(workspace, account, since, until)
