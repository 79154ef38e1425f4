"""`/api/v1/positions`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.dependencies import Here
from midas.api.pages import whole
from midas.app import positions
from midas.wire.page import Page
from midas.wire.positions import Position

router = APIRouter(prefix="/api/v1/positions", tags=["positions"])


@router.get("")
async def list_positions(workspace: Here, account: str) -> Page[Position]:
    """List what an account holds, by instrument, at the last closes there are."""
    return whole(await positions.every(workspace, account))
