"""The shipped session tables are what the generator makes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from midas.venues.session_table import SessionTable, expand

GENERATOR = Path(__file__).resolve().parents[2] / "scripts" / "generate_sessions.py"


def run(*arguments: str, tables: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "import runpy, sys, pathlib; module = runpy.run_path(sys.argv.pop(1)); main = module['main'];"
    if tables is not None:
        code += f"main.__globals__['TABLES'] = pathlib.Path({str(tables)!r});"
    code += "sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, str(GENERATOR), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_shipped_tables_are_up_to_date() -> None:
    done = run("--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unknown", ["--write", "XKRX"])
def test_unknown_arguments_are_refused(unknown: str, tmp_path: Path) -> None:
    assert run(unknown, tables=tmp_path).returncode == 2


def test_a_changed_table_is_told(tmp_path: Path) -> None:
    shipped = GENERATOR.parents[1] / "src" / "midas" / "venues" / "tables"
    for file in shipped.iterdir():
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text.replace('"06-03", "07-17"', '"07-17"'), encoding="utf-8")
    done = run("--check", tables=tmp_path)
    assert done.returncode == 1
    assert "xkrx_sessions.json: differs" in done.stdout
    assert "xnys_sessions.json: up to date" in done.stdout


def test_expand_by_hand() -> None:
    # Saturdays end after 6 January 2024; the 3rd was closed, Sunday the 7th open.
    table: SessionTable = json.loads("""{
        "name": "TEST", "timezone": "UTC", "source": "", "first": "2024-01-01", "last": "2024-01-14",
        "weeks": [["2024-01-01", "123456"], ["2024-01-08", "12345"]], "hours": [],
        "closed": {"2024": ["01-03"]}, "extra": {"2024": ["01-07"]}, "unsettled": {}, "special": {},
        "unscheduled": {}}""")
    assert expand(table).tolist() == [date(2024, 1, day) for day in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12)]
