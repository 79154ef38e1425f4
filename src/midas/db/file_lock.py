"""One process at a time, by a lock on a file that the system lets go of when its holder dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import IO

from midas.core.clock import Clock
from midas.core.errors import Busy

_STEP_S = 0.01


class FileLock:
    """A lock held from `acquire` until `release`, or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Return whether the lock could be had at once."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("ab")
        if _try_lock(file):
            self._file = file
            return True
        file.close()
        return False

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


@contextmanager
def held(path: Path, clock: Clock, patience_s: float) -> Iterator[None]:
    """Hold the lock at `path`, waiting for it.

    Raises
    ------
    Busy: another process kept it for `patience_s` seconds.
    """
    lock = FileLock(path)
    until = clock.monotonic_s() + patience_s
    while not lock.acquire():
        if clock.monotonic_s() >= until:
            raise Busy(
                f"Another Midas process has been holding {path} for {patience_s:.0f} s.",
                hint="Wait for it to finish, or stop it.",
                code="lock_held",
            )
        sleep(_STEP_S)
    try:
        yield
    finally:
        lock.release()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.set_inheritable(file.fileno(), False)
        return True
