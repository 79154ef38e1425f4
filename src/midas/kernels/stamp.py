"""Whether every kernel is compiled, told without loading one."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from midas.kernels.compiled import kernel_folder

_SOURCES = Path(__file__).parent


def compiled_pieces(folder: Path) -> list[Path]:
    """Return the files of machine code that are kept."""
    return [*folder.rglob("*.nbc")] if folder.is_dir() else []


def all_compiled() -> bool:
    """Tell whether `note_all_compiled` was called with this source, and nothing that machine code hangs on changed."""
    try:
        noted = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(noted["of"] == _hangs_on()) and set(noted["pieces"]) <= _names()


def note_all_compiled() -> None:
    """Leave word in the kernel folder that every kernel is there, for later processes."""
    file = _file()
    draft = file.with_suffix(f".{os.getpid()}")
    # a folder that cannot be written is gone through again the next time
    with suppress(OSError):
        draft.write_text(json.dumps({"of": _hangs_on(), "pieces": sorted(_names())}), encoding="utf-8")
        draft.replace(file)


def _file() -> Path:
    # several checkouts may keep theirs in one folder
    return kernel_folder() / f"all-{sha256(str(_SOURCES).encode()).hexdigest()[:16]}.json"


def _names() -> set[str]:
    folder = kernel_folder()
    return {str(piece.relative_to(folder)) for piece in compiled_pieces(folder)}


# What numba asks before it serves a kept piece: its own version, the processor, and each source file's time and size.
def _hangs_on() -> str:
    from llvmlite import binding

    processor = cast("Any", binding)
    sources = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(_SOURCES.glob("*.py"))]
    chosen = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_"))
    told = [
        sys.version, version("numba"), version("llvmlite"), processor.get_host_cpu_name(),
        processor.get_host_cpu_features().flatten(), sources, chosen,
    ]  # fmt: skip
    return sha256(repr(told).encode()).hexdigest()
