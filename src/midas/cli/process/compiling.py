"""Compiling the loops once, and saying what it costs."""

from __future__ import annotations

from midas.cli.printer import Printer
from midas.core.clock import SystemClock
from midas.kernels.compiled import kernel_folder
from midas.kernels.stamp import all_compiled, compiled_pieces, note_all_compiled

SAID_EVERY_S = 10.0
"""How often a log, which has no progress bar, is told how far it is."""


def compile_kernels(out: Printer) -> None:
    """Compile what is not compiled yet, so that no later command waits for it; say what it cost."""
    if all_compiled():
        from midas.kernels.warm import load_kernels

        # to load the loops of every operator, to find that none is missing, would take a second
        load_kernels()
        return
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
    note_all_compiled()
    made = len(compiled_pieces(folder)) - before
    if made > 0:
        out.note(f"  compiled {made} pieces in {clock.monotonic_s() - begun:.1f} s; they are kept in {folder}")
