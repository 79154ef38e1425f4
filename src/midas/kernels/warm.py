"""Every kernel compiled before anyone waits for it."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, cast

from midas.core.clock import SystemClock
from midas.kernels import benchmark, drive, following, holdings, lane_account, longer, matching, round_trips, stride
from midas.kernels.compiled import kernel_folder
from midas.kernels.stamp import all_compiled, note_all_compiled
from midas.kernels.table import LOOPS

Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and the name of the next."""

_TABLE, _LIST, _WORD = "int64[:,::1]", "int64[::1]", "int64"
_TILES, _FIXED, _ROW = (f"Array(float64, {dimensions}, 'C', readonly=True)" for dimensions in (3, 2, 1))
_ROWS = "Array(int64, 1, 'C', readonly=True)"

SIGNATURES: tuple[tuple[Callable[..., object], str], ...] = (
    (drive.run_tiles, f"void({_TABLE}, {_TABLE}, {', '.join([_WORD] * 4)}, {_LIST}, {', '.join([_WORD] * 8)})"),
    (
        drive.run_rows,
        f"void({_TABLE}, {_TABLE}, {_WORD}, {_WORD}, {_LIST}, {', '.join([_WORD] * 7)}, boolean, {_WORD})",
    ),
    (matching.proceed, f"({_LIST}, {_WORD}, {_WORD})"),
    (following.close, f"void({_LIST}, {_WORD}, boolean)"),
    (following.take, f"void({_LIST}, {_WORD}, float64, float64, {_WORD}, boolean)"),
    (
        stride.stride,
        f"({_LIST}, {_LIST}, float64[:,::1], {_LIST}, {_LIST}, float64[::1], {_LIST}, {_TABLE}, float64[:,::1], "
        f"{_TABLE}, float64[:,::1], {_TABLE}, {_LIST})",
    ),
    (
        round_trips.round_trips,
        f"({_TABLE}, float64[:,::1], {_WORD}, {_WORD}, float64, {', '.join([_TILES] * 3)}, {_FIXED})",
    ),
    (holdings.worth, f"({_LIST}, {_LIST}, float64[::1], {_LIST}, float64, {_TILES}, {_FIXED})"),
    (longer.fold, f"void({_WORD}, {_TILES}, {_LIST}, {_WORD}, {_WORD}, float64[:,:,::1])"),
    (lane_account.lay_steps, f"void({_LIST}, {_WORD}, {_WORD}, float64[:,:,::1])"),
    (lane_account.lay_out, f"void(float64[:,::1], {_LIST}, {_WORD}, {_WORD}, float64[:,:,::1])"),
    (
        lane_account.run_lanes,
        f"(float64[:,::1], {_LIST}, {_LIST}, {_LIST}, {', '.join([_WORD] * 4)}, boolean, boolean, "
        f"{', '.join([_TILES] * 5)}, {_FIXED}, {_ROWS}, {_FIXED}, {_TILES}, {_ROW}, float64[:,::1])",
    ),
    (benchmark.equal_weight, f"({_TILES}, {_WORD}, {_WORD}, {_WORD})"),
)
"""Kernels that are called from Python, with the types they are called with; a call with others compiles again."""


def compile_all(progress: Progress | None = None) -> int:
    """Compile every kernel that is not in the kernel folder yet, and return how many there are."""
    tell = progress or _tell_nobody
    count = len(SIGNATURES) + len(LOOPS)
    for place in range(count):
        tell(place, count, _name(place))
        _compile(place)
    tell(count, count, "")
    return count


def load_kernels() -> None:
    """Load what is called from Python, and with it the compiler; a loop is loaded when asked for, at once."""
    for place in range(len(SIGNATURES)):
        _compile(place)


def compile_apart(progress: Progress, processes: int) -> int:
    """Compile as `compile_all` does, in processes of their own: one compiler uses one core."""
    count = len(SIGNATURES) + len(LOOPS)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        places = {pool.submit(_compile, place): place for place in range(count)}
        for done, finished in enumerate(as_completed(places)):
            finished.result()
            progress(done, count, _name(places[finished]))
    progress(count, count, "")
    return count


def _tell_nobody(_done: int, _of: int, _name: str) -> None:
    pass


# The kernels called from Python come first: they are the longest to compile, so the last worker is not left with one.
def _name(place: int) -> str:
    if place < len(SIGNATURES):
        return cast("str", cast("Any", SIGNATURES[place][0]).__name__)
    return list(LOOPS)[place - len(SIGNATURES)]


def _compile(place: int) -> None:
    if place < len(SIGNATURES):
        from numba.core.sigutils import normalize_signature

        kernel, types = SIGNATURES[place]
        # Numba keeps machine code under what it is given here; a call looks under the types of its arguments.
        cast("Any", kernel).compile(cast("Any", normalize_signature)(types)[0])
    else:
        _ = LOOPS[_name(place)].address, LOOPS[_name(place)].narrow_address  # compiled when first asked for


def main() -> None:
    """Compile everything, saying on one line how far it is and at the end what it cost."""
    if all_compiled():
        sys.stdout.write(f"All kernels are ready in {kernel_folder()}\n")
        return
    begun_s = SystemClock().monotonic_s()
    end = "\r" if sys.stdout.isatty() else "\n"
    told = [-1]

    def tell(done: int, of: int, _name: str) -> None:
        tenth = 10 * done // of
        if tenth != told[0]:
            told[0] = tenth
            sys.stdout.write(f"Compiling kernels, once per installation: {done} of {of}{end}")
            sys.stdout.flush()

    processes = min(4, os.cpu_count() or 1)
    count = compile_apart(tell, processes) if processes > 1 else compile_all(tell)
    note_all_compiled()
    sys.stdout.write(
        f"{count} kernels ready after {SystemClock().monotonic_s() - begun_s:.1f} s in {kernel_folder()}\n"
    )


if __name__ == "__main__":
    main()
