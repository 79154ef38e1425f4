from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.blocking import Blocking

from midas.db.database import Database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # a test that looks at the file itself is about SQLite
    if "where" in metafunc.fixturenames:
        kinds = ["sqlite"] if "path" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("kind", kinds, scope="module")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "midas.db"


@pytest.fixture
def where(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path | str]:
    """A database of each kind: the path of a file, the address of one on a server."""
    if kind == "sqlite":
        yield tmp_path / "midas.db"
        return
    server = request.getfixturevalue("postgres")
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture
def database(where: Path | str) -> Iterator[Blocking]:
    opened = Blocking(Database.open(where))
    yield opened
    opened.close()
