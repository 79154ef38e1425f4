"""How a loop is compiled, and where the machine code is kept."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def kernel_folder() -> Path:
    """Return the folder that keeps machine code from one process to the next.

    `NUMBA_CACHE_DIR` wins; else the Python environment Midas is installed in, so that every data home shares it;
    else, when that is read-only, the temporary folder.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    environment = Path(sys.prefix) / "midas-kernels"
    if os.access(environment if environment.exists() else environment.parent, os.W_OK):
        return environment
    return Path(tempfile.gettempdir()) / f"midas-kernels-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` on its first call and keep the machine code for later processes.

    IEEE semantics are kept (no fast-math): results must be the same to the bit in batch and row by row.
    The lock on the interpreter is released, so two threads may run two tiles.
    """
    import numba

    # Numba's own cache key sees only the kernel's file; a step imported from another file must change the key too.
    folder = kernel_folder() / _source_key(cast("FunctionType", function))
    folder.mkdir(parents=True, exist_ok=True)
    cast("Any", numba.config).CACHE_DIR = str(folder)
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small step that only kernels call; its code becomes part of theirs."""
    import numba

    return cast("Callable[P, R]", numba.njit(nogil=True, error_model="numpy")(function))


def _source_key(function: FunctionType) -> str:
    files: set[str] = set()
    waiting, seen = [function], set()
    while waiting:
        current = waiting.pop()
        seen.add(current)
        files.add(current.__code__.co_filename)
        for name in current.__code__.co_names:
            callee = getattr(current.__globals__.get(name), "py_func", None)
            if callee is not None and callee not in seen:
                waiting.append(callee)
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]
