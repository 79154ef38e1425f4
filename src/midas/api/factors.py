"""`/api/v1/factors`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.pages import whole
from midas.app import factors
from midas.wire.factors import Operator
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/factors", tags=["factors"])


@router.get("/operators")
async def list_operators() -> Page[Operator]:
    """List every operator of the strategy graph."""
    return whole(await factors.operators())
