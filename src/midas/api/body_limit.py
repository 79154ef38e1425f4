"""Refusing bodies that are larger than anything we would read."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from midas.api.problems import http_problem, problem_response

UPLOADS = frozenset({"/api/v1/datasets/import"})


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Answer 413 to a body over `body_bytes`, or over `upload_bytes` where files are taken."""

    app: ASGIApp
    body_bytes: int
    upload_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.upload_bytes if scope["path"] in UPLOADS else self.body_bytes
        if _declared(scope) > limit:
            await problem_response(http_problem(413))(scope, receive, send)
            return
        await self.app(scope, _Counted(receive, limit), send)


class _Counted:
    # a body sent in chunks declares no length: count what arrives
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        return message


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
