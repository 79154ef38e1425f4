"""`/api/v1/ledger`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.dependencies import Here
from midas.app import ledger
from midas.wire.ledger import LedgerReport

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])


@router.get("/verify")
async def verify_ledger(workspace: Here, account: str | None = None) -> LedgerReport:
    """Add up the books of an account, or of all, and check the chains of their audit trails."""
    return await ledger.verify(workspace, account)
