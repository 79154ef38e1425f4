"""`/api/v1/trades`."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, AwareDatetime

from midas.api.cursor import place
from midas.api.dependencies import Cursor, Here, Limit
from midas.api.pages import after, page
from midas.app import trades
from midas.app.trades import Period
from midas.wire.page import Page
from midas.wire.trades import Execution, Trade, TradeStats

router = APIRouter(prefix="/api/v1/trades", tags=["trades"])

Moment = Annotated[
    Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))] | None,
    Query(description="With a time zone, e.g. 2026-01-02T00:00:00Z; `until` is exclusive."),
]


def _period(since: Moment = None, until: Moment = None) -> Period:
    return Period(since, until)


InPeriod = Annotated[Period, Depends(_period)]


@router.get("")
async def list_trades(
    workspace: Here, account: str, period: InPeriod, limit: Limit = 100, cursor: Cursor = None
) -> Page[Trade]:
    """List round trips that were open in a period, the latest begun first."""
    part = await trades.page(workspace, account, period, limit, after("trades", cursor, (place,)))
    return page("trades", part)


@router.get("/executions")
async def list_executions(
    workspace: Here, account: str, period: InPeriod, limit: Limit = 100, cursor: Cursor = None
) -> Page[Execution]:
    """List executions, latest first."""
    part = await trades.executions(workspace, account, period, limit, after("executions", cursor, (place,)))
    return page("executions", part)


@router.get("/stats")
async def show_stats(workspace: Here, account: str, period: InPeriod) -> TradeStats:
    """Show what the executions of a period come to, and its round trips."""
    return await trades.stats(workspace, account, period)
