"""`/api/v1/backtests`."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from midas.api import security_headers
from midas.api.dependencies import Cursor, Here, Limit, Wait
from midas.api.etag import etag, headers, unchanged
from midas.api.jobs import accepted
from midas.api.pages import after, page, whole
from midas.api.tables import FILES, MEDIA, rows_page
from midas.app import backtests, measures, series, tearsheets
from midas.wire.backtests import (
    Backtest,
    BacktestRequest,
    Comparison,
    Library,
    Measured,
    MeasureEntry,
    SeriesFormat,
    SeriesName,
)
from midas.wire.jobs import Job
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/backtests", tags=["backtests"])


@router.post("", status_code=202, responses={200: {"model": Job}})
async def run_backtest(workspace: Here, request: BacktestRequest, response: Response, wait_s: Wait = 0.0) -> Job:
    """Run a strategy; answered at once when the same question was answered before, unless `fresh`."""
    return accepted(await backtests.run(workspace, request, wait_s), response)


@router.get("")
async def list_backtests(
    workspace: Here,
    strategy: Annotated[str | None, Query(max_length=128)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Backtest]:
    """List results, latest first."""
    return page("backtests", await backtests.page(workspace, strategy, limit, after("backtests", cursor)))


@router.get("/compare")
async def compare_backtests(
    workspace: Here, ids: Annotated[str, Query(max_length=1024, description="Separated by commas.")]
) -> Comparison:
    """Show the measures of several results side by side."""
    return await backtests.compare(workspace, [each.strip() for each in ids.split(",") if each.strip()])


@router.get("/measures")
async def list_measures(like: Library = "midas") -> Page[MeasureEntry]:
    """List what every measure is: ours, or another library's."""
    return whole(await measures.entries(like))


@router.get("/{backtest}", response_model=Backtest, responses={304: {}})
async def show_backtest(workspace: Here, request: Request, response: Response, backtest: str) -> Backtest | Response:
    """Show a result by its id or the beginning of it."""
    row = await backtests.show(workspace, backtest)
    tag = etag(row, f"row {_tried(row)}")
    response.headers.update(headers(tag))
    return unchanged(request, tag) or row


@router.delete("/{backtest}", status_code=204)
async def delete_backtest(workspace: Here, backtest: str) -> None:
    """Remove a result and its series."""
    await backtests.delete(workspace, backtest)


@router.get("/{backtest}/series/{what}", response_model=Page[dict[str, Any]], responses=FILES)
async def show_series(
    workspace: Here,
    request: Request,
    backtest: str,
    what: SeriesName,
    format: SeriesFormat = "json",
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> Response:
    """Download a series: whole as CSV or Parquet, in pages as JSON."""
    row = await backtests.show(workspace, backtest)
    tag = etag(row, f"{what} {format} {limit} {cursor}")
    if same := unchanged(request, tag):
        return same
    frame = await backtests.series(workspace, row, what)
    if format == "json":
        body = await to_thread.run_sync(rows_page, frame, f"{row.id} {what}", limit, cursor)
        return Response(body, media_type="application/json", headers=headers(tag))
    body = await to_thread.run_sync(series.csv if format == "csv" else series.parquet, frame)
    name = {"content-disposition": f'attachment; filename="{row.id}-{what}.{format}"'}
    return Response(body, media_type=MEDIA[format], headers=headers(tag) | name)


@router.get("/{backtest}/measures", response_model=Measured, responses={304: {}})
async def show_measures(
    workspace: Here, request: Request, response: Response, backtest: str, like: Library = "midas"
) -> Measured | Response:
    """Show a result's measures: ours, or another library's own numbers of the same run."""
    row = await backtests.show(workspace, backtest)
    tag = etag(row, f"measures {like}")
    response.headers.update(headers(tag))
    return unchanged(request, tag) or await measures.measured(workspace, row, like)


@router.get("/{backtest}/tearsheet", response_class=HTMLResponse, responses={304: {}})
async def show_tear_sheet(workspace: Here, request: Request, backtest: str) -> Response:
    """Show a result as one self-contained page."""
    row = await backtests.show(workspace, backtest)
    tag = etag(row, f"tearsheet {_tried(row)}")
    policy = {"content-security-policy": security_headers.TEAR_SHEET}
    return unchanged(request, tag) or HTMLResponse(
        await tearsheets.render(workspace, row), headers=headers(tag) | policy
    )


def _tried(row: Backtest) -> int:
    # what was tried since changes how a result is weighed, though not its series
    return 0 if row.luck is None else row.luck.trials
