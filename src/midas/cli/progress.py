"""How far a piece of work is, shown on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from midas.cli.plain import plain
from midas.cli.terminal import is_terminal, shows_colour

Display: TypeAlias = Callable[[float, str], None] | None
"""Called with the fraction done (0 to 1) and a short text; None where nobody is looking, so nothing need be asked."""


@contextmanager
def display(title: str, *, quiet: bool = False, no_color: bool = False) -> Iterator[Display]:
    """Show a bar on stderr while the block runs, if a person is there to see it."""
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    colour = shows_colour(sys.stderr, no_color)
    console = Console(file=sys.stderr, no_color=not colour, markup=False, emoji=False, highlight=False)
    parts = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    with Progress(*parts, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0, message="")

        def show(fraction: float, message: str) -> None:
            bar.update(task, completed=min(max(fraction, 0.0), 1.0), message=plain(message)[:60])

        yield show
