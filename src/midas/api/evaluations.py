"""`/api/v1/evaluations`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from midas.api.dependencies import Cursor, Here, Limit, Wait
from midas.api.jobs import accepted
from midas.api.pages import after, page
from midas.api.tables import FILES, answer_table
from midas.app import evaluations
from midas.wire.backtests import SeriesFormat
from midas.wire.evaluations import Evaluation, EvaluationRequest
from midas.wire.jobs import Job
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/evaluations", tags=["evaluations"])


@router.post("", status_code=202, responses={200: {"model": Job}})
async def run_evaluation(workspace: Here, request: EvaluationRequest, response: Response, wait_s: Wait = 0.0) -> Job:
    """Run every strategy on every instrument; answered at once when it was answered before, unless `fresh`."""
    return accepted(await evaluations.run(workspace, request, wait_s), response)


@router.get("")
async def list_evaluations(workspace: Here, limit: Limit = 50, cursor: Cursor = None) -> Page[Evaluation]:
    """List evaluations, latest first."""
    return page("evaluations", await evaluations.page(workspace, limit, after("evaluations", cursor)))


@router.get("/{evaluation}")
async def show_evaluation(workspace: Here, evaluation: str) -> Evaluation:
    """Show an evaluation by its id or the beginning of it."""
    return await evaluations.show(workspace, evaluation)


@router.post("/{evaluation}/rerun", status_code=202, responses={200: {"model": Job}})
async def rerun_evaluation(workspace: Here, evaluation: str, response: Response, wait_s: Wait = 0.0) -> Job:
    """Ask the same question of the data there is now."""
    return accepted(await evaluations.rerun(workspace, evaluation, wait_s), response)


@router.delete("/{evaluation}", status_code=204)
async def delete_evaluation(workspace: Here, evaluation: str) -> None:
    """Remove an evaluation and its measures."""
    await evaluations.delete(workspace, evaluation)


@router.get("/{evaluation}/scores", response_model=Page[dict[str, Any]], responses=FILES)
async def show_scores(
    workspace: Here, evaluation: str, format: SeriesFormat = "json", limit: Limit = 1000, cursor: Cursor = None
) -> Response:
    """Download every pair's measures: whole as CSV or Parquet, in pages as JSON."""
    frame = await evaluations.table(workspace, evaluation)
    return await answer_table(frame, f"{evaluation}-scores", format, limit, cursor)
