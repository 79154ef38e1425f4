"""`/api/v1/factors`."""

from __future__ import annotations

from fastapi import APIRouter

from midas.api.pages import whole
from midas.app import factors
from midas.wire.factors import Factor, FactorLine, Operator
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1/factors", tags=["factors"])


@router.get("/operators")
async def list_operators() -> Page[Operator]:
    """List every operator of the strategy graph."""
    return whole(await factors.operators())


@router.get("/library")
async def list_factors() -> Page[FactorLine]:
    """List the factors of the library."""
    return whole(await factors.library())


@router.get("/library/{name}")
async def show_factor(name: str) -> Factor:
    """Show a factor of the library."""
    return await factors.show(name)
