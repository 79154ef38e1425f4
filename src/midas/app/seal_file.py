"""The file seals are appended to, its key, and the copy that may be somewhere else."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from midas.core.errors import StorageCorrupt
from midas.identity.seals import Seal, seal_from_line, sealed
from midas.marketdata.files import writing
from midas.marketdata.lock import exclusive

_WAIT_S = 5.0
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SealFile:
    """Seals, one a line, only ever appended. copy : a second file each line is appended to as well."""

    path: Path
    key_path: Path
    copy: Path | None = None

    def lines(self) -> list[str]:
        """Return what was sealed, oldest first."""
        return _lines(self.path)

    def key(self) -> bytes | None:
        """Return the key; None where there is none yet.

        Raises
        ------
        StorageCorrupt: its file holds no key.
        """
        try:
            text = self.key_path.read_text(encoding="ascii").strip()
            key = bytes.fromhex(text)
        except FileNotFoundError:
            return None
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise StorageCorrupt(
                f"{self.key_path} holds no key.", hint="Restore it from a backup.", code="seal_key_corrupt"
            )
        return key

    def append(self, ends: Sequence[tuple[str, int, str]], at: str) -> list[Seal]:
        """Seal the (account, line, hash) that are not sealed yet, and return the seals once they are on disk.

        Raises
        ------
        Busy: another process held the file too long.
        StorageFull: there is no room.
        """
        with writing("The seals", self.path.parent), exclusive(self.path.with_suffix(".lock"), "the seals", _WAIT_S):
            key = self.key() or self._make_key()
            lines = self.lines()
            last = _last_sealed(lines)
            previous = last.pop("", ("", ""))[1]
            made: list[Seal] = []
            for account, n, chain_hash in ends:
                if n and last.get(account) != (str(n), chain_hash):
                    made.append(sealed(key, account, n, chain_hash, at, previous))
                    previous = made[-1].mark
            _append(self.path, [seal.to_line() for seal in made])
            if self.copy is not None:
                # also those that could not be written to it the last time
                known = set(_lines(self.copy))
                _append(self.copy, [line for line in self.lines() if line not in known])
            return made

    def _make_key(self) -> bytes:
        key = secrets.token_bytes(_KEY_BYTES)
        self.key_path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            os.fsync(file.fileno())
        return key


def _last_sealed(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
    # by account what was sealed last; by "" the mark of the very last
    found: dict[str, tuple[str, str]] = {}
    for line in lines:
        seal = seal_from_line(line)
        if seal is not None:
            found[seal.account] = (str(seal.n), seal.hash)
            found[""] = ("", seal.mark)
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _append(path: Path, lines: Sequence[str]) -> None:
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        # a line that was torn stays one of its own and takes no seal with it
        if file.tell() and not _ends_whole(file):
            file.write(b"\n")
        file.write("".join(line + "\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
