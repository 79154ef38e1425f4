"""The house linter sees what it is there for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def house() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house", PROJECT / "scripts" / "lint" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["house"] = module
    spec.loader.exec_module(module)
    return module


def rules(house: ModuleType, folder: Path, text: str, name: str = "noun.py") -> list[str]:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return [breach.rule for breach in house.breaches(file)]


LONG = "def walk():\n" + "    x = 1\n" * 60


class TestBreaches:
    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            (LONG, "function-length"),
            ("x = 1\n" * 501, "file-length"),
            ("try:\n    pass\nexcept Exception:\n    pass\n", "broad-except"),
            ("try:\n    pass\nexcept:\n    pass\n", "broad-except"),
            ("def _f():\n    '''Say what.'''\n", "private-docstring"),
            ("def f():\n    global x\n", "global-state"),
            ("class A:\n" + "".join(f"    def m{i}(self): ...\n" for i in range(21)), "class-methods"),
        ],
    )
    def test_is_found(self, house: ModuleType, tmp_path: Path, text: str, rule: str) -> None:
        assert rules(house, tmp_path, text) == [rule]

    def test_a_vague_file_name_is_found(self, house: ModuleType, tmp_path: Path) -> None:
        assert rules(house, tmp_path, "x = 1\n", "utils.py") == ["vague-name"]

    def test_an_excuse_needs_a_reason(self, house: ModuleType, tmp_path: Path) -> None:
        excused = LONG.replace("def walk():", "def walk():  # house: function-length: one loop, read top to bottom")
        silent = LONG.replace("def walk():", "def walk():  # house: function-length:")
        assert rules(house, tmp_path, excused) == []
        assert rules(house, tmp_path, silent) == ["function-length"]
