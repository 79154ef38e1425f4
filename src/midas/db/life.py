"""Proof that an owner is dead: a file it kept locked for as long as it lived, on this machine, since it was started.

Only who can prove it need not wait until the owner's word is over: one that is held up, or lives elsewhere, may be
about to send.
"""

from __future__ import annotations

import platform
from contextlib import ExitStack
from pathlib import Path

from midas.core.errors import Busy
from midas.marketdata.lock import exclusive

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Life:
    """The file of the owner of one epoch of an account."""

    def __init__(self, folder: Path, account: str, epoch: int) -> None:
        self._file = folder / f"trader-{account}-{epoch}.life"
        self._held = ExitStack()

    def begin(self) -> None:
        """Be alive until this is ended, or the process is."""
        self._held.enter_context(exclusive(self._file, self._file.stem, 0))
        self._file.write_text(_machine())

    def end(self) -> None:
        """Leave no proof: whoever follows waits, unless he was told that he need not."""
        self._file.unlink(missing_ok=True)
        self._held.close()

    def is_over(self) -> bool:
        """Tell whether the process that began it is dead for sure; it is asked once, by the one who follows."""
        try:
            if self._file.read_text() != _machine():
                return False
            with exclusive(self._file, self._file.stem, 0):
                self._file.unlink()
        except (FileNotFoundError, Busy):
            return False
        return True


def _machine() -> str:
    # a lock says nothing of a process on another machine that shares the folder
    return _BOOT.read_text().strip() if _BOOT.exists() else platform.node()
