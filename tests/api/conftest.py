from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from midas.app.settings import LimitSettings, Settings
from midas.app.workspace import Workspace
from midas.client.embedded import EmbeddedTransport


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    home = tmp_path_factory.mktemp("api") / "home"
    return Workspace.open(Settings(home=home, limits=LimitSettings(body_bytes=4096, upload_bytes=20_000)))


@pytest.fixture(scope="module")
def transport(workspace: Workspace) -> Iterator[EmbeddedTransport]:
    opened = EmbeddedTransport(workspace)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def http(transport: EmbeddedTransport) -> httpx2.Client:
    return httpx2.Client(base_url="http://127.0.0.1:8000", transport=transport)
