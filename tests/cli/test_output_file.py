from __future__ import annotations

import os
from pathlib import Path

import pytest

from midas.cli.output_file import require_folder, write_file
from midas.core.errors import InvalidInput


class TestRequireFolder:
    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="no folder one may write in"):
            require_folder(tmp_path / "missing" / "x.csv")

    def test_a_folder_where_a_file_should_be(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="is a folder"):
            require_folder(tmp_path)


class TestWriteFile:
    def test_replaces_what_was_there(self, tmp_path: Path) -> None:
        file = tmp_path / "x.csv"
        file.write_bytes(b"old")
        assert write_file(file, b"new") == file.resolve()
        assert file.read_bytes() == b"new"

    def test_leaves_no_other_file(self, tmp_path: Path) -> None:
        write_file(tmp_path / "x.csv", b"new")
        assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]

    def test_may_be_read_by_whom_the_system_lets(self, tmp_path: Path) -> None:
        before = os.umask(0o022)
        try:
            file = write_file(tmp_path / "x.csv", b"new")
        finally:
            os.umask(before)
        assert file.stat().st_mode & 0o777 == 0o644
