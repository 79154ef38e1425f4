"""`/api/v1/sweeps`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from midas.api.dependencies import Cursor, Here, Limit, Wait
from midas.api.jobs import accepted
from midas.api.pages import after, page
from midas.api.tables import FILES, answer_table
from midas.app import sweeps
from midas.wire.backtests import SeriesFormat
from midas.wire.jobs import Job
from midas.wire.page import Page
from midas.wire.sweeps import Sweep, SweepRequest

router = APIRouter(prefix="/api/v1/sweeps", tags=["sweeps"])


@router.post("", status_code=202, responses={200: {"model": Job}})
async def run_sweep(workspace: Here, request: SweepRequest, response: Response, wait_s: Wait = 0.0) -> Job:
    """Try a strategy's parameters; answered at once when the same question was answered before, unless `fresh`."""
    return accepted(await sweeps.run(workspace, request, wait_s), response)


@router.get("")
async def list_sweeps(workspace: Here, limit: Limit = 50, cursor: Cursor = None) -> Page[Sweep]:
    """List sweeps, latest first, without heat maps."""
    return page("sweeps", await sweeps.page(workspace, limit, after("sweeps", cursor)))


@router.get("/{sweep}")
async def show_sweep(workspace: Here, sweep: str) -> Sweep:
    """Show a sweep by its id or the beginning of it, weighed by everything tried up to now."""
    return await sweeps.show(workspace, sweep)


@router.delete("/{sweep}", status_code=204)
async def delete_sweep(workspace: Here, sweep: str) -> None:
    """Remove a sweep and its trials."""
    await sweeps.delete(workspace, sweep)


@router.get("/{sweep}/trials", response_model=Page[dict[str, Any]], responses=FILES)
async def show_trials(
    workspace: Here, sweep: str, format: SeriesFormat = "json", limit: Limit = 1000, cursor: Cursor = None
) -> Response:
    """Download the trials: whole as CSV or Parquet, in pages as JSON."""
    return await answer_table(await sweeps.table(workspace, sweep), f"{sweep}-trials", format, limit, cursor)
