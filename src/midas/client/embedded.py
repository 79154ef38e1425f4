"""The platform inside this process, spoken to as if over HTTP."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

import httpx2

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Message, Scope

    from midas.app.workspace import Workspace

ADDRESS = "http://127.0.0.1"

T = TypeVar("T")


class EmbeddedTransport(httpx2.BaseTransport):
    """Answers requests with an application that runs in a thread of its own, on its own event loop."""

    def __init__(self, workspace: Workspace) -> None:
        from midas.api.create import create_app

        self._workspace = workspace
        self._app = create_app(workspace)
        self._lifespan = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        # a daemon: a script that forgets to close its client must still end
        self._thread = threading.Thread(target=self._loop.run_forever, name="midas-embedded", daemon=True)
        self._thread.start()
        self.wait(self._lifespan.enter_async_context(self._app.router.lifespan_context(self._app)))
        atexit.register(self.close)

    @property
    def workspace(self) -> Workspace:
        """What is open in this process."""
        return self._workspace

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _Exchange(request)
        self.wait(exchange.run(self._app))
        return exchange.response()

    def close(self) -> None:
        if self._loop.is_closed():
            return
        atexit.unregister(self.close)
        try:
            self.wait(self._lifespan.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._workspace.close()

    def wait(self, work: Coroutine[object, object, T]) -> T:
        """Return what comes of work on the platform's event loop; called from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Exchange:
    def __init__(self, request: httpx2.Request) -> None:
        self._request = request
        self._chunks = _chunks(request)
        self._sent_all = False
        self._over = asyncio.Event()
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()
        self._error: Exception | None = None

    async def run(self, app: FastAPI) -> None:
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception as error:  # house: broad-except: sent as a 500 already; kept as the cause of what we raise
            if not self._over.is_set():
                raise
            self._error = error

    def response(self) -> httpx2.Response:
        return httpx2.Response(
            self._status,
            headers=self._headers,
            content=bytes(self._body),
            request=self._request,
            extensions={"cause": self._error},
        )

    def _scope(self) -> Scope:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port or 80),
        }

    async def _receive(self) -> Message:
        chunk = next(self._chunks, None)
        if chunk is not None:
            return {"type": "http.request", "body": chunk, "more_body": True}
        if not self._sent_all:
            self._sent_all = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [*message.get("headers", [])]
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            self._over.set()


def _chunks(request: httpx2.Request) -> Iterator[bytes]:
    stream = request.stream
    assert isinstance(stream, httpx2.SyncByteStream)
    yield from stream
