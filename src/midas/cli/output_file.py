"""Writing the files people ask for, whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from midas.core.errors import InvalidInput, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT}


def require_folder(file: Path) -> None:
    """Refuse a path that cannot be written before any work is done for it.

    Raises
    ------
    InvalidInput: its folder does not exist or may not be written, or it is a folder itself.
    """
    folder = file.parent
    if file.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "is a folder" if file.is_dir() else f"cannot be made: {folder} is no folder one may write in"
        raise InvalidInput(f"{file} {why}.", hint="Give the path of a file.", code="output_unwritable")


def write_file(file: Path, content: bytes) -> Path:
    """Write `content` so that a reader sees the whole file or the one before it; return its full path.

    Raises
    ------
    InvalidInput: the path cannot be written.
    StorageFull: no room left.
    """
    require_folder(file)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(file)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        if error.errno in _FULL:
            raise StorageFull(f"There is no room left for {file}.", hint="Free some space and try again.") from error
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.", hint="Give another path.") from error
    return file.resolve()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
