"""What the terminal at the other end of a stream can show."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

PIPE_WIDTH = 160
"""Columns used where no terminal says how many there are, so that files and pipes lose nothing."""


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person reads `stream` as it is written."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def shows_colour(stream: TextIO, no_colour: bool) -> bool:
    """Return whether colour may be used: a terminal, and neither --no-color nor NO_COLOR (https://no-color.org)."""
    return is_terminal(stream) and not no_colour and not os.environ.get("NO_COLOR")


def shows_blocks(stream: TextIO) -> bool:
    """Return whether `stream` can carry block and box characters."""
    try:
        "▁█─…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns(stream: TextIO) -> int:
    """Return how wide a line may be."""
    if stream.isatty():
        return shutil.get_terminal_size((80, 24)).columns
    return int(os.environ.get("COLUMNS", "") or 0) if os.environ.get("COLUMNS", "").isdigit() else PIPE_WIDTH
