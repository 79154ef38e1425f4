"""Keeping other people's web pages out of a platform that trusts whoever sits at this machine.

A page on any site can make the visitor's browser send requests to 127.0.0.1, and by pointing its own name at 127.0.0.1
(DNS rebinding) it can even read the answers. Neither can be told from the address; both show in the headers.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from midas.api.problems import problem_response
from midas.core.errors import Refused
from midas.wire.problem import Problem

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?")
_SAME = {b"same-origin", b"none"}


@dataclass(frozen=True, slots=True)
class LoopbackOnly:
    """Refuse requests that were not made to this machine by name, or that a page of another origin made."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (reason := _refusal(scope["headers"])) is None:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            return
        error = Refused(reason, hint="Open Midas at http://127.0.0.1 or http://localhost on this machine itself.")
        await problem_response(Problem.of(error))(scope, receive, send)


def _refusal(headers: list[tuple[bytes, bytes]]) -> str | None:
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1 or not _is_loopback(hosts[0].decode("latin-1")):
        return "This server answers only to a loopback host name."
    for origin in (value for name, value in headers if name == b"origin"):
        if not _same_origin(origin.decode("latin-1"), hosts[0].decode("latin-1")):
            return "Requests from pages of another origin are refused."
    if any(value not in _SAME for name, value in headers if name == b"sec-fetch-site"):
        return "Requests from pages of another site are refused."
    return None


def _is_loopback(host: str) -> bool:
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"].strip("[]")
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same_origin(origin: str, host: str) -> bool:
    scheme, separator, rest = origin.partition("://")
    return scheme in ("http", "https") and bool(separator) and rest.lower() == host.lower()
