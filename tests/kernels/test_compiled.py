"""Machine code that is kept: where, and that an edited step is never served stale."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from midas.kernels.compiled import kernel_folder

STEP = "from midas.kernels.compiled import step\n\n\n@step\ndef grow(x: float) -> float:\n    return x + {by}\n"
KERNEL = """
from midas.kernels.compiled import kernel, machine_code
from steps import grow

@kernel
def twice(x: float) -> float:
    return grow(grow(x))

SOURCE = '''
def grow_loop(out):
    y = carray(out, (1,))
    y[0] = step(y[0])
'''

def outer(x):
    return grow(x)

if __name__ == "__main__":
    import ctypes
    number = ctypes.c_double(1.0)
    code = machine_code(SOURCE, "grow_loop", {"step": outer}, 1, 0)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address)(ctypes.addressof(number))
    print(twice(1.0), number.value)
"""


def test_an_edited_step_changes_what_its_kernels_do(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(KERNEL)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(by: str) -> str:
        (tmp_path / "steps.py").write_text(STEP.format(by=by))
        done = subprocess.run(
            [sys.executable, "main.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert run("1.0") == "3.0 2.0"
    kept = set((tmp_path / "kept").rglob("*.nbc"))
    assert run("1.0") == "3.0 2.0"
    assert set((tmp_path / "kept").rglob("*.nbc")) == kept
    assert run("2.0") == "5.0 3.0"


BELOW = """
from midas.kernels.compiled import kernel, step
from steps import grow

@kernel
def thrice(x: float) -> float:
    return below(x)

@step
def below(x: float) -> float:
    return grow(grow(grow(x)))

if __name__ == "__main__":
    print(thrice(1.0))
"""


def test_so_does_an_edited_step_behind_one_that_stands_below_its_kernel(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(BELOW)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONDONTWRITEBYTECODE": "1"}
    for by, expected in (("1.0", "4.0"), ("2.0", "7.0")):
        (tmp_path / "steps.py").write_text(STEP.format(by=by))
        done = subprocess.run(
            [sys.executable, "main.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected


class TestFolder:
    def test_the_variable_wins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        assert kernel_folder() == tmp_path

    def test_else_the_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        assert kernel_folder() == tmp_path / "midas-kernels"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_else_the_temporary_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "locked"))
        (tmp_path / "locked").mkdir(mode=0o500)
        assert kernel_folder().parent == Path(tempfile.gettempdir())
