"""One writer at a time, across processes and threads."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from midas.core.errors import Busy

_PAUSE_S = 0.05


@contextmanager
def exclusive(path: Path, what: str, wait_s: float, code: str = "busy") -> Iterator[None]:
    """Hold `path` as a lock; the system frees it however the process ends. `code` is that of the refusal.

    Raises
    ------
    Busy: another holder kept it for `wait_s` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        for _ in range(max(1, round(wait_s / _PAUSE_S))):
            if _try_lock(handle):
                break
            time.sleep(_PAUSE_S)
        else:
            raise Busy(
                f"Another process is writing {what}.",
                hint="Wait until it has finished, then run this again.",
                code=code,
            )
        try:
            yield
        finally:
            _unlock(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
