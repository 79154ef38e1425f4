"""What commands load before they need it; each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

MIDAS = Path(sys.executable).with_name("midas")
HEAVY = ("fastapi", "starlette", "sqlalchemy", "polars", "numba", "numpy", "pydantic", "httpx2", "uvicorn", "rich")
LOADED = """
import json, sys
from midas.cli.main import run
code = run({words!r})
sys.stderr.write(json.dumps([code, sorted(name for name in {heavy!r} if name in sys.modules)]))
"""


def loaded_by(*words: str) -> list[str]:
    script = LOADED.format(words=list(words), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    code, modules = json.loads(done.stderr)
    assert code == 0
    return list(modules)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["backtest", "run", "--help"],
        ["data", "--help"],
        ["start", "--help"],
        ["doctor", "-h"],
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    # below the first word Typer reads options with pydantic
    assert set(loaded_by(*words)) <= ({"pydantic"} if len(words) > 1 else set())


def test_help_comes_at_once() -> None:
    # Against what a command line needs at the least, on whatever machine this is and however busy.
    least, spent = [], []
    for _ in range(5):
        least.append(took(sys.executable, "-c", "import typer"))
        spent.append(took(str(MIDAS), "--help"))
    assert min(spent) <= 3 * min(least)


def took(*command: str) -> float:
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    return time.perf_counter() - begun


def test_a_command_loads_no_other_noun(tmp_path: Path) -> None:
    script = (
        "import json, sys\nfrom midas.cli.main import run\nassert run(['data', 'list', '-q']) == 0\n"
        "print(json.dumps([name for name in sys.modules if name.startswith(('midas.api', 'midas.trading'))]))"
    )
    environment = os.environ | {"MIDAS_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, timeout=120, check=True)
    loaded = set(json.loads(done.stdout))
    assert "midas.api.datasets" in loaded
    assert not loaded & {"midas.api.runs", "midas.api.backtests", "midas.api.risk", "midas.trading.office"}
