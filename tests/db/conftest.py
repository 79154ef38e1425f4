from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.blocking import Blocking

from midas.db.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "midas.db"


@pytest.fixture
def database(path: Path) -> Iterator[Blocking]:
    opened = Blocking(Database.open(path))
    yield opened
    opened.close()
