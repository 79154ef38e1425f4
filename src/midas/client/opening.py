"""Making the connection: to this process or to a URL."""

from __future__ import annotations

from pathlib import Path

import httpx2

from midas.client.link import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Link
from midas.core.errors import InvalidInput


def open_remote(url: str) -> Link:
    """Return a link to the server at `url`; nothing is sent yet.

    Raises
    ------
    InvalidInput: not an http address.
    """
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        address = httpx2.URL("")
    if address.scheme not in ("http", "https") or not address.host:
        raise InvalidInput(
            "That is not the address of a server.", hint="Write it as http://127.0.0.1:8000.", code="bad_url"
        )
    timeout = httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    # what is on this machine is never asked for through a proxy
    proxied = address.host not in ("localhost", "127.0.0.1", "::1")
    http = httpx2.Client(base_url=address, timeout=timeout, follow_redirects=False, trust_env=proxied)
    return Link(http, f"{address.scheme}://{address.netloc.decode()}")


def open_embedded(home: str | Path | None) -> Link:
    """Return a link to a platform that runs inside this process, on the data home given.

    Raises
    ------
    StorageCorrupt, Busy, StorageFull, Unavailable: the data home cannot be opened.
    """
    from midas.app.settings import Settings
    from midas.app.workspace import Workspace
    from midas.client.embedded import ADDRESS, EmbeddedTransport

    settings = Settings() if home is None else Settings(home=Path(home))
    transport = EmbeddedTransport(Workspace.open(settings))
    return Link(httpx2.Client(base_url=ADDRESS, transport=transport, timeout=None), str(settings.home), transport)
