"""What routes ask for by type."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from midas.app.workspace import Workspace

LONGEST_WAIT_S = 30.0


def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


Here = Annotated[Workspace, Depends(_workspace)]
"""The workspace this application serves."""

Limit = Annotated[int, Query(ge=1, le=1000, description="How many items at most.")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before.")]
Wait = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT_S, description="Wait this many seconds for the job before answering.")
]
