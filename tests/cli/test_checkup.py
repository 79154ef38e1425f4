from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from midas.cli.process import checkup, stored
from midas.cli.process.checkup import BROKEN, OK, WARNING


class TestDatabase:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "midas.db"
        connection = sqlite3.connect(file)
        connection.execute("create table t (a text)")
        connection.executemany("insert into t values (?)", [("x" * 500,) for _ in range(200)])
        connection.commit()
        connection.close()
        return file

    def test_none_yet_is_well(self, tmp_path: Path) -> None:
        assert stored.database(tmp_path / "midas.db").status == OK

    def test_a_whole_one(self, file: Path) -> None:
        assert stored.database(file).status == OK

    def test_damage_inside_is_found(self, file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[4096 * 4 : 4096 * 6] = b"\xff" * 8192
        file.write_bytes(content)
        found = stored.database(file)
        assert (found.status, found.exit_code) == (BROKEN, 7)
        assert "damaged" in found.detail

    def test_something_else_under_its_name(self, file: Path) -> None:
        file.write_bytes(b"no database " * 1000)
        assert stored.database(file).status == BROKEN

    def test_looking_changes_nothing(self, file: Path) -> None:
        before = file.read_bytes()
        stored.database(file)
        assert [each.name for each in file.parent.iterdir()] == [file.name]
        assert file.read_bytes() == before


class TestHome:
    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_one_that_may_not_be_written(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        assert checkup.home(tmp_path / "home").status == BROKEN

    def test_a_file_in_its_way(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("")
        assert checkup.home(tmp_path / "home").status == BROKEN

    def test_not_made_yet(self, tmp_path: Path) -> None:
        assert checkup.home(tmp_path / "a" / "b").status == OK


def test_kernels_that_are_not_compiled_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "none"))
    assert checkup.kernels().status == WARNING
