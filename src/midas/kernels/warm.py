"""Every kernel compiled before anyone waits for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast

from midas.core.clock import SystemClock
from midas.kernels import benchmark, drive, holdings, matching, round_trips
from midas.kernels.compiled import kernel_folder
from midas.kernels.table import LOOPS

Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and the name of the next."""

_TABLE, _LIST, _WORD = "int64[:,::1]", "int64[::1]", "int64"
_TILES, _FIXED, _ROW = (f"Array(float64, {dimensions}, 'C', readonly=True)" for dimensions in (3, 2, 1))
_ROWS = "Array(int64, 1, 'C', readonly=True)"

SIGNATURES: tuple[tuple[Callable[..., object], str], ...] = (
    (drive.run_tiles, f"void({_TABLE}, {_TABLE}, {', '.join([_WORD] * 4)}, {_LIST}, {', '.join([_WORD] * 7)})"),
    (
        drive.run_rows,
        f"void({_TABLE}, {_TABLE}, {_WORD}, {_WORD}, {_LIST}, {', '.join([_WORD] * 7)}, boolean)",
    ),
    (
        matching.simulate,
        f"({_WORD}, {_WORD}, {_WORD}, boolean, {_ROWS}, {_FIXED}, {', '.join([_TILES] * 5)}, "
        f"{_FIXED}, {_ROWS}, {_FIXED}, {_TILES}, {_ROW})",
    ),
    (
        round_trips.round_trips,
        f"({_TABLE}, float64[:,::1], {_WORD}, {_WORD}, float64, {', '.join([_TILES] * 3)}, {_FIXED})",
    ),
    (holdings.worth, f"({_LIST}, {_LIST}, float64[::1], {_LIST}, float64, {_TILES}, {_FIXED})"),
    (benchmark.equal_weight, f"({_TILES}, {_WORD}, {_WORD}, {_WORD})"),
)
"""Kernels that are called from Python, with the types they are called with; a call with others compiles again."""


def compile_all(progress: Progress | None = None) -> int:
    """Compile every kernel that is not in the kernel folder yet, and return how many there are."""
    tell = progress or _tell_nobody
    waiting: list[tuple[str, Callable[[], object]]] = [
        *((name, lambda loop=loop: loop.address) for name, loop in LOOPS.items()),
        *((_name(kernel), lambda kernel=kernel, types=types: _compile(kernel, types)) for kernel, types in SIGNATURES),
    ]
    for done, (name, compile_one) in enumerate(waiting):
        tell(done, len(waiting), name)
        compile_one()
    tell(len(waiting), len(waiting), "")
    return len(waiting)


def _tell_nobody(_done: int, _of: int, _name: str) -> None:
    pass


def _name(kernel: Callable[..., object]) -> str:
    return cast("str", cast("Any", kernel).__name__)


def _compile(kernel: Callable[..., object], types: str) -> object:
    return cast("Any", kernel).compile(types)


def main() -> None:
    """Compile everything, saying on one line how far it is and at the end what it cost."""
    begun_s = SystemClock().monotonic_s()
    end = "\r" if sys.stdout.isatty() else "\n"
    told = [-1]

    def tell(done: int, of: int, _name: str) -> None:
        tenth = 10 * done // of
        if tenth != told[0]:
            told[0] = tenth
            sys.stdout.write(f"Compiling kernels, once per installation: {done} of {of}{end}")
            sys.stdout.flush()

    count = compile_all(tell)
    sys.stdout.write(
        f"{count} kernels ready after {SystemClock().monotonic_s() - begun_s:.1f} s in {kernel_folder()}\n"
    )


if __name__ == "__main__":
    main()
