"""Compiling the loops once, and saying what it costs."""

from __future__ import annotations

from midas.cli.printer import Printer


def compile_kernels(out: Printer) -> None:
    """Compile what is not compiled yet, so that no later command waits for it."""
    from midas.cli.process.checkup import OK, kernels

    if kernels().status == OK:
        return
