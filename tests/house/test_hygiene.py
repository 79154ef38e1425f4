"""What may not be in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SHIPPED = ("src", "docs", "bench", "scripts", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [PROJECT / name for name in listed.stdout.split("\0") if name and (PROJECT / name).exists()]


class TestLocks:
    @pytest.mark.parametrize("lock", LOCKS)
    def test_names_versions_and_hashes_only(self, lock: str) -> None:
        text = (PROJECT / lock).read_text()
        assert "://" not in text
        assert "--index" not in text
        requirements = re.findall(r"^[a-zA-Z0-9_.-]+==", text, re.MULTILINE)
        assert len(requirements) > 20
        for block in re.split(r"\n(?=[a-zA-Z0-9])", text.strip()):
            assert "--hash=sha256:" in block, block.splitlines()[0]

    def test_every_run_time_dependency_is_justified(self) -> None:
        declared = re.search(r"^dependencies = \[(.*?)^\]", (PROJECT / "pyproject.toml").read_text(), re.M | re.S)
        assert declared is not None
        names = re.findall(r'"([a-z0-9-]+)', declared[1])
        reasons = (PROJECT / "docs" / "dependencies.md").read_text()
        assert [name for name in names if f"`{name}`" not in reasons] == []


class TestFiles:
    def test_nothing_larger_than_a_megabyte(self) -> None:
        assert [file.name for file in tracked() if file.stat().st_size > 1_000_000] == []

    def test_shipped_text_speaks_of_the_project_only(self) -> None:
        outside = re.compile(r"\.\./shared|/work/|\.library/")
        for name in SHIPPED:
            root = PROJECT / name
            files = [root] if root.is_file() else [file for file in root.rglob("*") if file.is_file()]
            for file in files:
                if file.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".html", ".txt", ".json"}:
                    assert not outside.search(file.read_text(encoding="utf-8")), file
