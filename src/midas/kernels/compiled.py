"""How a loop is compiled, and where the machine code is kept."""

from __future__ import annotations

import hashlib
import math
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from types import FunctionType
from typing import Any, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_COMPILING = Lock()  # numba takes the folder from one setting of the process


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

    with _COMPILING:
        # Numba's own cache key sees only the kernel's file; a step from another file must change the key too.
        _keep_in(kernel_folder() / _source_key(cast("FunctionType", function)))
        return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small step that only kernels call; its code becomes part of theirs."""
    import numba

    return cast("Callable[P, R]", numba.njit(nogil=True, error_model="numpy")(function))


def bare_step(function: Callable[P, R]) -> Callable[P, R]:
    """As `step`, for one that makes and returns no array: nobody counts who uses those it is given.

    They outlive the call, and counting takes longer than most steps do, the more so where two threads share an array.
    """
    import numba

    uncounted = cast("Any", numba).njit(nogil=True, error_model="numpy", _nrt=False)
    return cast("Callable[P, R]", uncounted(function))


@cache
def _step_of(function: FunctionType) -> object:
    # For loops alone: both of an operator share it, and it lacks what Python and C would call it by, which takes long.
    import numba

    wrapped = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Any", numba).njit(nogil=True, error_model="numpy", **wrapped)(function)


class MachineCode(Protocol):
    """A compiled loop; its address is good for as long as this object lives."""

    @property
    def address(self) -> int: ...


def machine_code(
    source: str,
    name: str,
    steps: Mapping[str, FunctionType],
    pointers: int,
    integers: int,
    constants: Mapping[str, int] | None = None,
) -> MachineCode:
    """Compile a loop made from a template.

    `source` defines the function `name`, which takes `pointers` pointers to float64, then `integers` int64, calls
    `steps` and reads `constants` by the given names. The code is kept like a kernel's, keyed by the template and the
    steps' files.
    """
    import numba
    from numba import types

    first = next(iter(steps.values()))
    with _COMPILING:
        _keep_in(kernel_folder() / _source_key(*steps.values(), extra=f"{source}{constants}"))
        scope: dict[str, Any] = {key: _step_of(function) for key, function in steps.items()}
        scope |= dict(constants or {})
        scope |= {"carray": cast("Any", numba).carray, "nan": math.nan, "inf": math.inf, "__name__": first.__module__}
        # The file named here is the steps' own: numba asks it whether the kept code is still good.
        exec(compile(source, first.__code__.co_filename, "exec"), scope)
        pointer = cast("Any", types.CPointer)(types.float64)
        signature = types.void(*[pointer] * pointers, *[types.int64] * integers)
        return cast("MachineCode", numba.cfunc(signature, cache=True, error_model="numpy")(scope[name]))


def _keep_in(folder: Path) -> None:
    import numba

    folder.mkdir(parents=True, exist_ok=True)
    cast("Any", numba.config).CACHE_DIR = str(folder)


def _source_key(*functions: FunctionType, extra: str = "") -> str:
    files: set[str] = set()
    waiting, seen = list(functions), set()
    while waiting:
        current = waiting.pop()
        seen.add(current)
        files.add(current.__code__.co_filename)
        # Everything its module has imported, not only the names it uses itself: steps further down in the file do not
        # exist yet when a kernel above them is decorated, but what they call is imported at the top.
        for value in current.__globals__.values():
            callee = getattr(value, "py_func", None)
            if callee is not None and callee not in seen:
                waiting.append(callee)
    digest = hashlib.sha256(extra.encode())
    for file in sorted(files):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]
