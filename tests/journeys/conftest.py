"""Data homes to run commands on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.journeys.command import Inside, Midas


@pytest.fixture
def empty(tmp_path: Path) -> Midas:
    """`midas` on a data home that does not exist yet."""
    return Midas(tmp_path / "home", tmp_path)


@pytest.fixture
def midas(tmp_path: Path, pulled: Path) -> Midas:
    """`midas` on a data home that holds the sample market and nothing else."""
    shutil.copytree(pulled, tmp_path / "home")
    return Midas(tmp_path / "home", tmp_path)


@pytest.fixture
def reading(tmp_path: Path, pulled: Path) -> Midas:
    """`midas` on a data home with the sample market, inside this process, for commands that store nothing."""
    return Inside(pulled, tmp_path)


@pytest.fixture
def inside(midas: Midas) -> Midas:
    """The same as `midas`, inside this process."""
    return Inside(midas.home, midas.folder)


@pytest.fixture
def empty_inside(tmp_path: Path) -> Midas:
    """`midas` on a data home that does not exist yet, inside this process."""
    return Inside(tmp_path / "home", tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file beside the data home."""

    def written(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return written
