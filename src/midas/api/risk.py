"""`/api/v1/risk`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.dependencies import Here
from midas.api.pages import whole
from midas.app import quarantines, risk
from midas.wire.page import Page
from midas.wire.quarantines import Quarantined, QuarantineRelease
from midas.wire.risk import (
    AccountLimits,
    Drill,
    KillRequest,
    LimitChanges,
    LimitValues,
    Pulled,
    ReleaseRequest,
    RunLimitValues,
)

router = APIRouter(prefix="/api/v1/risk", tags=["risk"])


@router.get("/kills")
async def list_kills(workspace: Here) -> Page[Pulled]:
    """List the kill switches that are pulled."""
    return whole(await risk.pulled(workspace))


@router.post("/kills", status_code=201)
async def pull_kill(workspace: Here, request: KillRequest) -> Page[Pulled]:
    """Pull a kill switch: it holds until it is released, also across restarts."""
    return whole(await risk.kill(workspace, request))


@router.post("/kills/release")
async def release_kill(workspace: Here, request: ReleaseRequest) -> Page[Pulled]:
    """Release the switches of one account, or those of all; what is still pulled is answered."""
    return whole(await risk.release(workspace, request))


@router.post("/drills/{account}")
async def drill_kill(workspace: Here, account: str) -> Drill:
    """Pull an account's switch, see how soon its trader hears of it, and release it."""
    return await risk.drill(workspace, account)


@router.get("/quarantines")
async def list_quarantines(workspace: Here, account: str | None = None) -> Page[Quarantined]:
    """List the instruments in quarantine, of one account or of all."""
    return whole(await quarantines.page(workspace, account))


@router.post("/quarantines/release")
async def release_quarantine(workspace: Here, request: QuarantineRelease) -> Page[Quarantined]:
    """Let orders in an instrument go out again; what is still in quarantine of the account is answered."""
    return whole(await quarantines.release(workspace, request))


@router.get("/limits/{account}")
async def show_limits(workspace: Here, account: str) -> AccountLimits:
    """Show an account's limits."""
    return await risk.limits(workspace, account)


@router.put("/limits/{account}")
async def set_limits(workspace: Here, account: str, values: LimitValues) -> AccountLimits:
    """Replace an account's limits."""
    return await risk.set_limits(workspace, account, values)


@router.patch("/limits/{account}")
async def change_limits(workspace: Here, account: str, changes: LimitChanges) -> AccountLimits:
    """Change some of an account's limits; those that are not named stay as they are."""
    return await risk.change_limits(workspace, account, changes)


@router.get("/limits/{account}/runs/{run}")
async def show_run_limits(workspace: Here, account: str, run: str) -> AccountLimits:
    """Show the limits of one run of an account."""
    return await risk.limits(workspace, account, run)


@router.put("/limits/{account}/runs/{run}")
async def set_run_limits(workspace: Here, account: str, run: str, values: RunLimitValues) -> AccountLimits:
    """Replace the limits of one run of an account."""
    return await risk.set_limits(workspace, account, values, run)


@router.patch("/limits/{account}/runs/{run}")
async def change_run_limits(workspace: Here, account: str, run: str, changes: LimitChanges) -> AccountLimits:
    """Change some of the limits of one run of an account; those that are not named stay as they are."""
    return await risk.change_limits(workspace, account, changes, run)
