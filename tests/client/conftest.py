from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from midas.api.create import create_app
from midas.app.settings import JobSettings, Settings
from midas.app.workspace import Workspace
from midas.client.client import Client


def serve(workspace: Workspace) -> Iterator[str]:
    """Serve a workspace over real HTTP from a thread; yields its address."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(workspace), log_level="critical", server_header=False, timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client.open(home=tmp_path_factory.mktemp("embedded") / "home") as client:
        yield client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("remote") / "home"
    with Workspace.open(Settings(home=home, jobs=JobSettings(runner="processes"))) as workspace:
        yield from serve(workspace)


@pytest.fixture(scope="module")
def remote(server: str) -> Iterator[Client]:
    with Client.open(url=server) as client:
        yield client


@pytest.fixture(scope="module", params=["embedded", "remote"])
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file of daily prices of two US names; BBB does not trade on its third day."""
    lines = ["symbol,date,open,high,low,close,volume"]
    days = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"]
    for n, day in enumerate(days):
        lines.append(f"AAA,{day},{10 + n},{11 + n},{9 + n},{10.5 + n},1000")
        if n != 2:
            lines.append(f"BBB,{day},{20 - n},{21 - n},{19 - n},{20.5 - n},2000")
    file = tmp_path_factory.mktemp("files") / "prices.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
