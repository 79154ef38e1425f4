"""What commands print: a document for programs, ids for scripts, tables for people."""

from __future__ import annotations

import io
import json as json_text
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, TextIO, TypeAlias

from midas.cli.plain import plain
from midas.cli.terminal import columns as terminal_columns
from midas.cli.terminal import is_terminal, shows_blocks, shows_colour

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.table import Table

    from midas.cli.progress import Display

    Document: TypeAlias = BaseModel | Sequence[BaseModel] | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and how it is set; numbers go to the right."""

    title: str
    right: bool = False
    keep: bool = False
    """Never wrapped: ids that people copy."""
    spare: int = 0
    """Above 0: left out where the terminal is too narrow for everything, the highest first."""


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints the answer of one command; exactly one of its three forms."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False

    def answer(self, document: Document, ids: Sequence[str], human: Callable[[], None]) -> None:
        """Print `document` with --json, `ids` one a line with -q, else what `human` prints."""
        if self.json:
            _write(json_text.dumps(_plain_json(document), indent=2, allow_nan=False, ensure_ascii=not _wide()))
        elif self.quiet:
            for each in ids:
                _write(plain(each))
        else:
            human()

    def line(self, text: str = "") -> None:
        """Print one line of an answer."""
        _write(text)

    def text(self, text: str) -> None:
        """Print a sentence, wrapped where a terminal ends."""
        _write(_wrapped(plain(text), sys.stdout))

    def raw(self, content: bytes) -> None:
        """Write the bytes of a file to stdout, as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def table(self, columns: Sequence[Column | str], rows: Sequence[Sequence[str]], title: str = "") -> None:
        """Print a table; cells may hold anything, they are made safe here. A column without content is left out."""
        named = [column if isinstance(column, Column) else Column(column) for column in columns]
        safe = [[plain(cell) for cell in row] for row in rows]
        filled = [at for at in range(len(named)) if any(row[at] for row in safe)]
        room = terminal_columns(sys.stdout)
        for spared in sorted((at for at in filled if named[at].spare), key=lambda at: -named[at].spare):
            if sum(_least_width(named[at], [row[at] for row in safe]) + 2 for at in filled) <= room:
                break
            filled.remove(spared)
        self._render(_table([named[at] for at in filled], [[row[at] for at in filled] for row in safe], plain(title)))

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Print names and values in two columns; a name without a value is left out."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        for name, value in rows:
            if value:
                table.add_row(Text(plain(name)), Text(plain(value)))
        self._render(table)

    def grid(self, rows: Sequence[Sequence[str]]) -> None:
        """Print pairs of name and value side by side, without lines."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
        for position in range(len(rows[0])):
            value = position % 2 == 1
            table.add_column(justify="right" if value else "left", style="bold" if value else "dim", no_wrap=True)
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self._render(table)

    def warn(self, warnings: Sequence[str]) -> None:
        """Print warnings to stderr, whatever the form of the answer (a document carries them itself)."""
        mark, off = ("\x1b[33m", "\x1b[0m") if shows_colour(sys.stderr, self.no_color) else ("", "")
        if not self.json:
            for warning in warnings:
                text = _wrapped(f"warning: {plain(warning)}", sys.stderr)
                sys.stderr.write(text.replace("warning:", f"{mark}warning:{off}", 1) + "\n")

    def note(self, text: str) -> None:
        """Say to stderr what is going on, unless only ids or a document are wanted."""
        if not self.json and not self.quiet:
            sys.stderr.write(f"{plain(text)}\n")
            sys.stderr.flush()

    def progress(self, title: str) -> AbstractContextManager[Display]:
        """Show how far a piece of work is, on stderr, while the block runs."""
        from midas.cli.progress import display

        return display(title, quiet=self.quiet or self.json, no_color=self.no_color)

    def _render(self, drawing: Table) -> None:
        from rich.console import Console

        colour = shows_colour(sys.stdout, self.no_color)
        canvas = _Canvas(sys.stdout.encoding or "ascii")
        Console(
            file=canvas,
            width=terminal_columns(sys.stdout),
            force_terminal=colour,
            color_system="standard" if colour else None,
            highlight=False,
            markup=False,
            emoji=False,
        ).print(drawing)
        # rich fills every line up to the table's width; a file or a pipe is better off without
        for line in canvas.getvalue().splitlines():
            _write(line.rstrip())


_READABLE = 28
"""Columns of text that wrap are still easily read at this width."""


def _least_width(column: Column, cells: Sequence[str]) -> int:
    from rich.cells import cell_len

    widest = max(cell_len(text) for text in (column.title, *cells))
    return widest if column.right or column.keep else min(widest, _READABLE)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=Text(title, style="bold") if title else None,
        title_justify="left",
    )
    for column in columns:
        table.add_column(
            Text(column.title),
            justify="right" if column.right else "left",
            no_wrap=column.right or column.keep,
            min_width=len(column.title),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


class _Canvas(io.StringIO):
    # rich draws with the characters the encoding has
    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in typeshed, read only in C
        return self._encoding


def _wrapped(text: str, stream: TextIO) -> str:
    if not is_terminal(stream):
        return text
    return fill(text, terminal_columns(stream), subsequent_indent="  ", break_on_hyphens=False)


def _wide() -> bool:
    return shows_blocks(sys.stdout)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")


def _plain_json(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return _plain_json(dump(mode="json"))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain_json(item) for item in value]
    return value
