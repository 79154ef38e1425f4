"""Plain pages: no scripts, no requests, one style sheet inside, everything escaped."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path

from fastapi.responses import HTMLResponse

from midas.reports.markup import Html, element, html


def document(title: str, heading: Html, *parts: Html) -> HTMLResponse:
    """Return a page with a heading above its parts."""
    style, policy = _style()
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(style)),
    )
    body = element("body", element("main", element("header", heading), *parts))
    page = f"<!doctype html>{html(element('html', head, body, lang='en'))}"
    return HTMLResponse(page, headers={"content-security-policy": policy})


@cache
def _style() -> tuple[str, str]:
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return style, policy
