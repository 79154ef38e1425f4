"""Asking before something is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import typer

from midas.core.errors import Refused


def confirmed(question: str, assumed: bool) -> None:
    """Ask a person at a terminal; programs and pipes are taken at their word.

    Raises
    ------
    Refused: the answer was no.
    """
    if assumed or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not typer.confirm(question, err=True):
        raise Refused("Nothing was deleted.", hint="Answer y, or add --yes.", code="not_confirmed")


def deleted(names: Sequence[str], look_up: Callable[[str], str], delete: Callable[[str], None]) -> list[str]:
    """Delete each of `names` and return what `look_up` calls them; nothing is deleted when one is not there."""
    found = list(dict.fromkeys(look_up(name) for name in names))
    for name in found:
        delete(name)
    return found
