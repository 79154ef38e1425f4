"""`/api/v1/backtests/{id}/montecarlo`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from midas.api.dependencies import Here, Wait
from midas.api.jobs import accepted
from midas.app import montecarlo
from midas.wire.jobs import Job
from midas.wire.montecarlo import MonteCarloRequest

router = APIRouter(prefix="/api/v1/backtests", tags=["backtests"])


@router.post("/{backtest}/montecarlo", status_code=202, responses={200: {"model": Job}})
async def draw_paths(
    workspace: Here, backtest: str, request: MonteCarloRequest, response: Response, wait_s: Wait = 0.0
) -> Job:
    """Draw other paths a backtest might have taken; the job's `result` is their distribution."""
    return accepted(await montecarlo.run(workspace, backtest, request, wait_s), response)
