"""What the doctor looks at on the machine itself."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from midas import __version__
from midas.cli.exits import Exit
from midas.cli.process.port import HOST, is_free
from midas.kernels.compiled import kernel_folder
from midas.kernels.stamp import compiled_pieces

OK: Literal["ok"] = "ok"
WARNING: Literal["warning"] = "warning"
BROKEN: Literal["broken"] = "broken"

OLDEST_PYTHON = (3, 11)
SCARCE_BYTES = 2 << 30
FULL_BYTES = 100 << 20
_PACKAGES = ("numpy", "numba", "polars", "pydantic", "fastapi", "sqlalchemy", "httpx2", "typer", "uvicorn")
_SAMPLES = (("bokeh-sampledata", "bokeh_sampledata"), ("skfolio", "skfolio"))


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and how it is; `exit_code` says what a broken one means to a shell."""

    name: str
    status: Literal["ok", "warning", "broken"]
    detail: str
    hint: str = ""
    exit_code: Exit = Exit.UNAVAILABLE

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "status": self.status, "detail": self.detail, "hint": self.hint}


def python() -> Check:
    """Check that this Python is one Midas runs on."""
    detail = f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}"
    if sys.version_info < OLDEST_PYTHON:
        return Check("python", BROKEN, detail, "Midas needs Python 3.11 or later.")
    return Check("python", OK, detail)


def versions() -> Check:
    """Check that what Midas is built on is installed."""
    found, missing = [f"midas {__version__}"], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", BROKEN, f"not installed: {', '.join(missing)}.", "Run `make setup`.")
    return Check("packages", OK, ", ".join(found))


def sample_market() -> Check:
    """Check that the packages the sample market is read from are there."""
    missing = [name for name, module in _SAMPLES if find_spec(module) is None]
    if missing:
        return Check("sample market", WARNING, f"not installed: {', '.join(missing)}.", "Run `make setup`.")
    return Check("sample market", OK, ", ".join(f"{name} {version(name)}" for name, _ in _SAMPLES))


def home(root: Path) -> Check:
    """Check that the data home can be written."""
    nearest = _existing(root)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Check("data home", BROKEN, f"{root} cannot be written.", "Give another one with MIDAS_HOME or --home.")
    return Check("data home", OK, str(root) if root.exists() else f"{root} (made when something is stored)")


def disk(root: Path) -> Check:
    """Check that there is room left where the data home is."""
    free = shutil.disk_usage(_existing(root)).free
    detail = f"{free / (1 << 30):,.1f} GB free"
    if free < FULL_BYTES:
        return Check("disk", BROKEN, detail + ".", "Free some space.")
    return Check("disk", WARNING if free < SCARCE_BYTES else OK, detail)


def kernels() -> Check:
    """Check whether the compiled loops are there already."""
    folder = kernel_folder()
    pieces = [file.stat().st_size for file in compiled_pieces(folder)]
    if not pieces:
        return Check("kernels", WARNING, "not compiled yet;", "`midas start` or the first backtest does it, once.")
    return Check("kernels", OK, f"{len(pieces)} compiled, {sum(pieces) / (1 << 20):.1f} MB in {folder}")


def port(number: int) -> Check:
    """Check whether a server could listen; one that is already there may be ours."""
    if is_free(number):
        return Check("port", OK, f"{number} on {HOST} is free")
    return Check("port", WARNING, f"{number} on {HOST} is taken, perhaps by Midas.", "Another: `midas serve --port N`.")


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
