"""`/api/v1/runs`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from midas.api.dependencies import Cursor, Here, Limit
from midas.api.pages import after, page, whole
from midas.app import parities, runs
from midas.wire.page import Page
from midas.wire.parities import Parity
from midas.wire.runs import AuditLine, Run, RunArm, RunRequest, RunStatus, RunStop

Through = Annotated[date | None, Query(description="The last session to look at; null for all that were recorded.")]

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])

After = Annotated[int, Query(ge=-1, le=2**53, description="Lines behind this one; -1 for the last ones.")]


@router.post("", status_code=201)
async def start_run(workspace: Here, request: RunRequest, response: Response) -> Run:
    """Store a run: it trades as soon as a trader is there (`midas trader`)."""
    started = await runs.start(workspace, request)
    response.headers["location"] = f"{router.prefix}/{started.id}"
    return started


@router.get("")
async def list_runs(workspace: Here, limit: Limit = 50, cursor: Cursor = None) -> Page[Run]:
    """List runs, latest first."""
    return page("runs", await runs.page(workspace, limit, after("runs", cursor)))


@router.get("/{run}")
async def show_run(workspace: Here, run: str) -> RunStatus:
    """Show how a run and its account stand; a run is named by its id or the beginning of it."""
    return await runs.status(workspace, run)


@router.post("/{run}/stop")
async def stop_run(workspace: Here, run: str, request: RunStop) -> Run:
    """End a run: what it has on order is cancelled, what it holds stays with the account."""
    return await runs.stop(workspace, run, request.reason)


@router.post("/{run}/pause")
async def pause_run(workspace: Here, run: str, request: RunStop) -> Run:
    """Let a run hear the market and order nothing; what it has on order is cancelled."""
    return await runs.pause(workspace, run, request.reason)


@router.post("/{run}/resume")
async def resume_run(workspace: Here, run: str) -> Run:
    """Let a draft or paused run of a paper account trade."""
    return await runs.resume(workspace, run)


@router.post("/{run}/arm")
async def arm_run(workspace: Here, run: str, request: RunArm) -> Run:
    """Let a run of a live account trade real money; refused with everything that is in the way."""
    return await runs.arm(workspace, run, confirmed=request.confirm_live)


@router.get("/{run}/parity")
async def compare_run(workspace: Here, run: str, through: Through = None) -> Parity:
    """Compare a run with the backtest it should have been, on the bars it saw, trade by trade."""
    return await parities.tell(workspace, run, through)


@router.get("/{run}/logs")
async def show_logs(workspace: Here, run: str, after: After = -1, limit: Limit = 100) -> Page[AuditLine]:
    """Show the audit trail of a run's account, oldest first."""
    return whole(await runs.logs(workspace, run, after, limit))
