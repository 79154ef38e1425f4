"""`/api/v1/strategies`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from midas.api.dependencies import Here
from midas.api.pages import whole
from midas.app import strategies
from midas.wire.page import Page
from midas.wire.strategies import (
    Strategy,
    StrategyCheck,
    StrategyCheckRequest,
    StrategyCreate,
    StrategyPlan,
    StrategyUpdate,
)

router = APIRouter(prefix="/api/v1/strategies", tags=["strategies"])


@router.get("")
async def list_strategies(workspace: Here) -> Page[Strategy]:
    """List the library's strategies and the latest version of each stored one."""
    return whole(await strategies.every(workspace))


@router.post("", status_code=201)
async def create_strategy(workspace: Here, request: StrategyCreate) -> Strategy:
    """Store a strategy under a new name."""
    return await strategies.create(workspace, request)


@router.post("/check")
async def check_strategy(workspace: Here, request: StrategyCheckRequest) -> StrategyCheck:
    """Build a strategy without running it; what is wrong with it is in `messages`."""
    return await strategies.check(workspace, request)


@router.post("/explain")
async def explain_strategy(workspace: Here, request: StrategyCheckRequest) -> StrategyPlan:
    """Tell what is computed for a strategy: loops in order, on which rows, warm-up, memory and cost."""
    return await strategies.explain(workspace, request)


@router.get("/{name}")
async def show_strategy(
    workspace: Here, name: str, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> Strategy:
    """Show a strategy, the latest version when none is asked for."""
    return await strategies.show(workspace, name, version)


@router.put("/{name}")
async def update_strategy(workspace: Here, name: str, request: StrategyUpdate) -> Strategy:
    """Store a new version; refused when `version` is no longer the latest."""
    return await strategies.update(workspace, name, request)


@router.delete("/{name}", status_code=204)
async def delete_strategy(workspace: Here, name: str) -> None:
    """Forget a stored strategy with all its versions; results made with it stay."""
    await strategies.delete(workspace, name)


@router.get("/{name}/versions")
async def list_strategy_versions(workspace: Here, name: str) -> Page[Strategy]:
    """List every version, latest first."""
    return whole(await strategies.versions(workspace, name))
