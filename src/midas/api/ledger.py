"""`/api/v1/ledger`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.dependencies import Here
from midas.api.pages import whole
from midas.app import ledger
from midas.wire.ledger import LedgerReport, SealCopy, SealLine
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])


@router.get("/verify")
async def verify_ledger(workspace: Here, account: str | None = None) -> LedgerReport:
    """Add up the books of an account, or of all, and check their audit trails by their chains and seals."""
    return await ledger.verify(workspace, account)


@router.post("/verify")
async def verify_with_copy(workspace: Here, request: SealCopy) -> LedgerReport:
    """Do the same by seals that were kept elsewhere."""
    return await ledger.verify(workspace, request.account, request.lines)


@router.post("/seals", status_code=201)
async def seal_trails(workspace: Here) -> Page[SealLine]:
    """Seal every audit trail that grew since its last seal; keep a copy of what comes back elsewhere."""
    return whole(await ledger.seal(workspace))
