"""Killed at every persisted step, a trader leaves nothing that the next one cannot take up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.postgres import Postgres
from tests.scale import scaled
from tests.trading.mortal import KILLED, SPEED, live_once

from midas.db.database import Database
from midas.execution.broker import ClientIds

POINTS = 40

Fresh = Callable[[], Path | str]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Gives databases that nobody used."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.fresh
    made: list[Path] = []

    def file() -> Path:
        made.append(tmp_path / f"{len(made)}.db")
        Database.open(made[-1]).close()
        return made[-1]

    return file


def folder_of(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def failure(folder: Path) -> str:
    file = folder / "failure.txt"
    return file.read_text() if file.exists() else ""


@pytest.mark.figure("R5")
class TestKilled:
    def test_at_each_point(self, fresh: Fresh, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
        kills = scaled(200)
        reached: dict[ClientIds, Counter[str]] = {}
        for ids in ClientIds:
            folder = folder_of(tmp_path, f"whole-{ids}")
            begun_s = time.monotonic() * SPEED
            ended = live_once(fresh(), folder, ids, begun_s, "", check=True, as_shipped=True)
            assert ended == 0, failure(folder)
            reached[ids] = Counter((folder / "reached.txt").read_text().split())
        points = sorted({name for names in reached.values() for name in names})
        assert len(points) >= POINTS, points
        record_property("points", len(points))
        killed = trial = 0
        while killed < kills:
            trial += 1
            assert trial < 5 * kills + 100, f"only {killed} were killed"
            name, ids = points[(trial * 17) % len(points)], list(ClientIds)[trial % 3]
            # a life takes the way it takes: one that did not come by there was not killed, and does not count
            crash = f"{name}:{1 + (trial // len(points)) % max(1, reached[ids][name])}"
            if not reached[ids][name]:
                continue
            folder, where, begun_s = folder_of(tmp_path, f"{trial}"), fresh(), time.monotonic() * SPEED
            ended = live_once(where, folder, ids, begun_s, crash, check=False)
            assert ended in (KILLED, 0), failure(folder)
            killed += ended == KILLED
            assert live_once(where, folder, ids, begun_s, "", check=True) == 0, f"{crash} {ids}\n{failure(folder)}"
        record_property("kills", killed)
