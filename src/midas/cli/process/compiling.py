"""Compiling the loops once, and saying what it costs."""

from __future__ import annotations

from pathlib import Path

from midas.cli.printer import Printer
from midas.core.clock import SystemClock
from midas.kernels.compiled import kernel_folder

SAID_EVERY_S = 10.0
"""How often a log, which has no progress bar, is told how far it is."""


def compiled_pieces(folder: Path) -> list[Path]:
    """Return the files of machine code that are kept."""
    return [*folder.rglob("*.nbc")] if folder.is_dir() else []


def compile_kernels(out: Printer) -> None:
    """Compile what is not compiled yet, so that no later command waits for it; say what it cost."""
    clock, folder = SystemClock(), kernel_folder()
    before = len(compiled_pieces(folder))
    if not before:
        out.note("Compiling the loops, once per installation ...")
    begun = said = clock.monotonic_s()
    from midas.kernels.warm import compile_all  # some kernels compile as they are imported

    with out.progress("Compiling the loops") as show:

        def progress(done: int, of: int, name: str) -> None:
            nonlocal said
            now = clock.monotonic_s()
            if show is not None:
                show(done / of, name)
            elif now - said > SAID_EVERY_S:
                said = now
                out.note(f"  {done} of {of} ...")

        compile_all(progress)
    made = len(compiled_pieces(folder)) - before
    if made > 0:
        out.note(f"  compiled {made} pieces in {clock.monotonic_s() - begun:.1f} s; they are kept in {folder}")
