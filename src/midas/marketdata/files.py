"""Files that are whole or absent, and errors that say which file and what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from midas.core.errors import StorageCorrupt, StorageFull, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def writing(what: str, folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write into errors that say what was not changed.

    Raises
    ------
    StorageFull: no room left.
    Unavailable: any other refusal, such as a read-only folder.
    """
    try:
        yield
    except OSError as refusal:
        if refusal.errno in _FULL:
            raise StorageFull(
                f"The disk is full: {what} was not written, and nothing has changed.",
                hint=f"Free some space on the disk that holds {folder}, then run this again.",
            ) from refusal
        raise Unavailable(
            f"{what} could not be written to {folder}: {refusal.strerror or refusal}.",
            hint="Check that the folder exists and that you may write there.",
            code="storage_unwritable",
        ) from refusal


def corrupt(file: Path, dataset: str, reason: str) -> StorageCorrupt:
    """Return the error for a stored file that cannot be read."""
    return StorageCorrupt(
        f"{file} of dataset {dataset!r} cannot be read: {reason}.",
        hint=f"Delete dataset {dataset!r} and import it again, or restore the file from a backup.",
    )


def write_whole(file: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def replace_whole(file: Path, content: bytes) -> None:
    """Replace a file in one step: a reader, or a crash, sees the old one or the new one."""
    beside = file.with_name(f"{TEMPORARY}{file.name}.{os.getpid()}")
    try:
        write_whole(beside, content)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    with suppress(OSError):
        # It is replaced for everybody already; to say now that it was not would be wrong.
        sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


TEMPORARY = ".tmp-"
"""Names that begin so are unfinished work: never read, removed by the next writer."""


def remove(path: Path) -> None:
    """Remove a file or a folder; what another process still holds open is left to the next writer."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
