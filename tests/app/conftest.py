from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.app.loop import now, own_loop

from midas.app.settings import JobSettings, Settings
from midas.app.workspace import Workspace

Opener = Callable[..., Workspace]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _loop() -> Iterator[None]:
    with own_loop():
        yield


@pytest.fixture
def opener(home: Path) -> Iterator[Opener]:
    opened: list[Workspace] = []

    def open_one(runner: str = "inline", workers: int = 1) -> Workspace:
        workspace = Workspace.open(Settings(home=home, jobs=JobSettings(runner=runner, workers=workers)))
        now(workspace.begin())
        opened.append(workspace)
        return workspace

    yield open_one
    for workspace in opened:
        now(workspace.end())
        workspace.close()


@pytest.fixture
def workspace(opener: Opener) -> Workspace:
    return opener()
