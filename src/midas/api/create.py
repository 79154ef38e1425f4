"""The application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from midas import __version__
from midas.api.body_limit import BodyLimit
from midas.api.guard import LoopbackOnly
from midas.api.nouns import every_noun
from midas.api.problems import answer_errors
from midas.api.security_headers import SecurityHeaders
from midas.app.workspace import Workspace


class _Application(FastAPI):
    # outside of everything FastAPI does, so that no answer leaves without the headers and none is given to a stranger
    def build_middleware_stack(self) -> ASGIApp:
        limits = self.state.workspace.settings.limits
        inner = super().build_middleware_stack()
        return SecurityHeaders(LoopbackOnly(BodyLimit(inner, limits.body_bytes, limits.upload_bytes)))

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            from midas.api.openapi import describe

            self.openapi_schema = describe(self)
        return self.openapi_schema


def create_app(workspace: Workspace) -> FastAPI:
    """Return the application that serves an open workspace, which whoever opened it closes."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await workspace.begin()
        yield
        await workspace.end()

    app = _Application(
        title="Midas",
        summary="From market data to a checked backtest.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        routes=every_noun(),
    )
    app.state.workspace = workspace
    answer_errors(app)
    return app
