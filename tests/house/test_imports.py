"""Importing Midas must cost nothing that is not used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import midas

SOURCE = Path(midas.__file__).parent
HEAVY = {"fastapi", "starlette", "sqlalchemy", "celery", "textual", "numba", "polars", "httpx2", "alembic"}
PACKAGES = sorted(
    f"midas.{folder.name}" for folder in SOURCE.iterdir() if (folder / "__init__.py").exists() and folder.name != "cli"
)
LIGHT = ("midas", "midas.cli", "midas.cli.main", *PACKAGES)


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(run.stdout.splitlines()[-1]))


class TestLaziness:
    def test_a_module_that_does_import_it_is_seen(self) -> None:
        assert "polars" in loaded_by("import polars")

    def test_no_package_loads_anything_heavy(self) -> None:
        # what one of them loads stays loaded: all in one process tell as much as each in its own
        if loaded_by(f"import {', '.join(LIGHT)}") & HEAVY:
            found = {package: loaded_by(f"import {package}") & HEAVY for package in LIGHT}
            assert not any(found.values()), found
            raise AssertionError("together they load what none loads alone")


class TestCore:
    def test_core_imports_the_standard_library_and_itself(self) -> None:
        allowed = sys.stdlib_module_names | {"midas.core", "__future__"}
        for file in sorted((SOURCE / "core").glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
                for name in names:
                    known = name.split(".")[0] in allowed or name == "midas.core" or name.startswith("midas.core.")
                    assert known, f"{file.name} imports {name}"
