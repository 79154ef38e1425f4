"""`/healthz`."""

from __future__ import annotations

from fastapi import APIRouter

from midas import __version__
from midas.api.dependencies import Here
from midas.wire.health import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def health(workspace: Here) -> Health:
    """Say that the server answers, and from which data home."""
    return Health(status="ok", version=__version__, home=str(workspace.home.root))
