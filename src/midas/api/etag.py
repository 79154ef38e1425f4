"""Not sending again what the client has already."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response

from midas import __version__
from midas.wire.backtests import Backtest

_KEEP = "private, no-cache"


def etag(row: Backtest, what: str) -> str:
    """Return the tag of something made from a stored result: it changes when the result is made anew, or `what` is."""
    parts = (row.identity, row.created_at.isoformat(), what, __version__)
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]}"'


def headers(tag: str) -> dict[str, str]:
    """Return the headers that let a client ask whether it is still the same."""
    return {"etag": tag, "cache-control": _KEEP}


def unchanged(request: Request, tag: str) -> Response | None:
    """Return the empty answer for a client that has this already, None for one that has not."""
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in known.split(",")}:
        return Response(status_code=304, headers=headers(tag))
    return None
