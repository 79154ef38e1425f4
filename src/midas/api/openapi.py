"""The OpenAPI document, and a page that shows it without fetching anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from midas.api.html import document
from midas.api.nouns import Noun
from midas.reports.markup import Html, element, joined
from midas.wire.problem import MEDIA_TYPE, Problem

router = APIRouter(include_in_schema=False)

_REFERENCE = {"$ref": "#/components/schemas/Problem"}
_PROBLEM = {"description": "What went wrong.", "content": {MEDIA_TYPE: {"schema": _REFERENCE}}}
_NOTE = element(
    "p",
    "The whole description, for tools and code generators: ",
    element("a", "/openapi.json", href="/openapi.json"),
    ". Lists come in pages: pass ",
    element("code", "next_cursor"),
    " back as ",
    element("code", "cursor"),
    ". Every error is ",
    element("code", MEDIA_TYPE),
    " with a stable code and a hint.",
)
_VERBS = ("get", "post", "put", "patch", "delete")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the document: every operation, and for each the problem that any error is answered with."""
    routes = [route for noun in app.routes if isinstance(noun, Noun) for route in noun.routes]
    made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=routes)
    for _, _, operation in _operations(made):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _PROBLEM
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return made


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """List every operation."""
    described = request.app.openapi()
    groups: dict[str, list[Html]] = {}
    for path, verb, operation in _operations(described):
        groups.setdefault(operation.get("tags", ["other"])[0], []).append(_item(path, verb, operation))
    lists = [joined([element("h2", name), element("ul", *items)]) for name, items in groups.items()]
    heading = joined(
        [element("h1", "Midas HTTP API"), element("p", element("a", "Backtests", href="/"), class_="soft")]
    )
    return document("Midas – HTTP API", heading, _NOTE, *lists)


def _operations(described: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in described["paths"].items():
        for verb in _VERBS:
            if verb in verbs:
                yield path, verb, verbs[verb]


def _item(path: str, verb: str, operation: Mapping[str, Any]) -> Html:
    asked = ", ".join(each["name"] for each in operation.get("parameters", []) if each["in"] == "query")
    line = element("code", element("span", verb.upper(), class_="verb"), f" {path}")
    questions = element("span", f" ? {asked}" if asked else "", class_="soft")
    return element(
        "li",
        line,
        questions,
        element("br"),
        element("span", operation.get("description", "").replace("`", ""), class_="soft"),
    )
