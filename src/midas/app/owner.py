"""Which process does a job, and whether it still lives."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack
from pathlib import Path

from midas.core.errors import Busy
from midas.marketdata.files import remove
from midas.marketdata.lock import exclusive

_SWEEP_WAIT_S = 10.0


class Owner:
    """What this process is to its jobs: a name, a lock that dies with it, and a folder for its temporary files."""

    def __init__(self, folder: Path) -> None:
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._folder = folder
        self._held = ExitStack()

    @property
    def staging(self) -> Path:
        """A folder for files that need not outlive this process."""
        folder = self._folder / self.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def sign_in(self) -> None:
        """Begin to own; others see that we live until `sign_out` or our death."""
        with _alone(self._folder):
            self._held.enter_context(exclusive(_lock(self._folder, self.name), f"owner {self.name}", 0))

    def sign_out(self) -> None:
        self._held.close()
        _forget(self._folder, self.name)


def dead(folder: Path) -> list[str]:
    """Return the owners that died without signing out."""
    names = [file.stem for file in folder.glob("*.lock")] if folder.is_dir() else []
    if not names:
        return []
    with _alone(folder):
        return [name for name in names if not _lives(folder, name)]


def bury(folder: Path, names: list[str]) -> None:
    """Remove what dead owners left."""
    with _alone(folder):
        for name in names:
            _forget(folder, name)


def _lives(folder: Path, name: str) -> bool:
    try:
        with exclusive(_lock(folder, name), f"owner {name}", 0):
            return False
    except Busy:
        return True


def _forget(folder: Path, name: str) -> None:
    remove(folder / name)
    _lock(folder, name).unlink(missing_ok=True)


def _lock(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"


def _alone(folder: Path) -> ExitStack:
    # signing in and looking for the dead exclude each other: a lock file exists for a moment before it is held
    stack = ExitStack()
    stack.enter_context(exclusive(folder / ".owners", "the list of running processes", _SWEEP_WAIT_S))
    return stack
