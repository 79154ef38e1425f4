"""The page around the sections: styles, scripts, data, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files

from midas.reports.markup import Html, element, html
from midas.reports.packing import Arrays, Json, packed_json

_SCRIPTS = ("data.js", "charts.js", "prices.js", "tables.js", "page.js")
_NEEDS_SCRIPT = "Charts, sorting and paging need JavaScript; every number in the tables is here without it."
_LINKS = {
    "equity": "Equity",
    "drawdown": "Drawdown",
    "months": "Months",
    "sharpe": "Sharpe",
    "prices": "Prices",
    "trades": "Trades",
    "rejects": "Rejects",
    "costs": "Costs",
    "measures": "Measures",
}


def document(title: str, top: Sequence[Html], sections: Sequence[Html], data: Json, arrays: Arrays) -> str:
    """Return the whole page.

    Its content policy allows the page's own style and scripts by their hashes and nothing else: no request leaves the
    page, and a script smuggled into a name would not run.
    """
    style = _asset("uPlot.min.css") + _bare(_asset("tearsheet.css"))
    scripts = (_charting(), _own_script())
    links = [element("a", text, href=f"#{name}") for name, text in _LINKS.items()]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, scripts)}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("title", title),
        Html(f"<style>{style}</style>"),
    )
    body = element(
        "body",
        element("main", *top, element("nav", *links, aria_label="Sections"), *sections),
        element("noscript", element("p", _NEEDS_SCRIPT, class_="nothing")),
        _data("data", packed_json(data)),
        _data("arrays", arrays.packed()),
        *(Html(f"<script>{script}</script>") for script in scripts),
    )
    return f'<!doctype html>\n<html lang="en">{html(head)}\n{html(body)}</html>\n'


def _data(name: str, source: str) -> Html:
    return Html(f'<script type="application/octet-stream" id="{name}">{source}</script>')


def _charting() -> str:
    licence = _asset("uPlot.LICENSE").strip()
    return f"/*! uPlot\n{licence}\n*/\n" + _asset("uPlot.iife.min.js").partition("\n")[2]


def _own_script() -> str:
    return "(() => {\n" + _bare("".join(map(_asset, _SCRIPTS))) + "})();\n"


def _bare(source: str) -> str:
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _policy(style: str, scripts: Sequence[str]) -> str:
    allowed = " ".join(map(_hash, scripts))
    return f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(source.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return files("midas.reports").joinpath("assets", name).read_text("utf-8")
