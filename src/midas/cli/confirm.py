"""Asking before something is lost."""

from __future__ import annotations

import sys

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
