"""The HTTP connection a client's nouns speak through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError

from midas.core.errors import MidasError, Unavailable
from midas.wire.page import Page
from midas.wire.problem import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from midas.client.embedded import EmbeddedTransport

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
"""Longest silence of a server; work that takes longer is a job and is asked after in steps."""

PAGE_SIZE = 1000

Query = Mapping[str, str | int | float | bool | Sequence[str] | None]
Shape = TypeVar("Shape", bound=BaseModel)


class Link:
    """Sends requests, turns answers into wire shapes and problem documents into the errors they were made from.

    inside : the platform where it runs in this process, None where it is somewhere else.
    """

    def __init__(self, http: httpx2.Client, place: str, inside: EmbeddedTransport | None = None) -> None:
        self._http = http
        self._place = place
        self.inside = inside

    @property
    def place(self) -> str:
        """Where it leads, in words."""
        return self._place

    def close(self) -> None:
        self._http.close()

    def get(self, shape: type[Shape], path: str, query: Query | None = None) -> Shape:
        return _read(shape, self.fetch(path, query))

    def fetch(self, path: str, query: Query | None = None) -> bytes:
        """Return the body of a GET as it came."""
        return self.send("GET", path, query)

    def delete(self, path: str) -> None:
        self.send("DELETE", path)

    def put(self, shape: type[Shape], path: str, body: BaseModel) -> Shape:
        return _read(shape, self.send("PUT", path, body=body))

    def patch(self, shape: type[Shape], path: str, body: BaseModel) -> Shape:
        return _read(shape, self.send("PATCH", path, body=body))

    def post(
        self,
        shape: type[Shape],
        path: str,
        body: BaseModel | None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Shape:
        return _read(shape, self.send("POST", path, query, body=body, headers=headers))

    def upload(self, shape: type[Shape], path: str, query: Query, content: Iterator[bytes]) -> Shape:
        return _read(shape, self.send("POST", path, query, content=content))

    def all(self, shape: type[Shape], path: str, query: Query | None = None, limit: int | None = None) -> list[Shape]:
        """Return the items of a list from as many pages as it takes, at most `limit`."""
        items: list[Shape] = []
        page_shape: type[Page[Shape]] = Page[shape]  # type: ignore[valid-type]  # a runtime type is the point here
        cursor: str | None = None
        while True:
            room = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - len(items))
            page = self.get(page_shape, path, {**(query or {}), "limit": room, "cursor": cursor})
            items += page.items
            cursor = page.next_cursor
            if cursor is None or (limit is not None and len(items) >= limit):
                return items

    def send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: BaseModel | None = None,
        content: Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the body of a successful answer.

        Raises
        ------
        MidasError: what the server's problem document says; Unavailable when there is no server.
        """
        if self._http.is_closed:
            raise Unavailable("This client is closed.", hint="Open another one.", code="client_closed")
        given = {key: value for key, value in (query or {}).items() if value is not None}
        # what was not named is not changed
        payload = content if body is None else body.model_dump_json(exclude_unset=method == "PATCH").encode()
        kind = "application/json" if body is not None else "application/octet-stream"
        sent = {**(headers or {}), **({"content-type": kind} if payload is not None else {})}
        try:
            answer = self._http.request(method, path, params=given, content=payload, headers=sent)
        except httpx2.TransportError as error:
            raise _unreachable(self._place, error) from error
        if answer.is_success:
            return answer.content
        raise _problem(self._place, answer) from answer.extensions.get("cause")


def _read(shape: type[Shape], body: bytes) -> Shape:
    try:
        return TypeAdapter(shape).validate_json(body)
    except ValidationError as error:
        raise Unavailable(
            "The server's answer is not one this client understands.",
            hint="Are both of the same version? Compare `midas --version` on both sides.",
            code="answer_unknown",
        ) from error


def _unreachable(place: str, error: httpx2.TransportError) -> Unavailable:
    if isinstance(error, httpx2.TimeoutException):
        return Unavailable(
            f"{place} did not answer in time.", hint="It may be overloaded; try again later.", code="timeout"
        )
    return Unavailable(
        f"{place} cannot be reached.",
        hint="Is the server running there? Start one with `midas serve`, or leave out --url to work on this machine.",
        code="unreachable",
    )


def _problem(place: str, answer: httpx2.Response) -> MidasError:
    if answer.headers.get("content-type", "").startswith(MEDIA_TYPE):
        return _read(Problem, answer.content).error()
    return Unavailable(
        f"{place} answered {answer.status_code} without saying why.",
        hint="Is that address a Midas server?",
        code="not_midas",
    )
