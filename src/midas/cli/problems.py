"""Errors as people and programs read them."""

from __future__ import annotations

import json as json_text
import sys
import traceback

from midas.cli.exits import Exit, exit_for
from midas.cli.plain import plain
from midas.cli.terminal import shows_colour
from midas.core.errors import MidasError

MOST_FINDINGS = 20
"""How many findings a person is shown; --json has them all."""


def report(error: MidasError, *, json: bool, trace: bool = False, no_color: bool = False) -> Exit:
    """Print `error` (to stderr, or with `json` as the one document on stdout) and return the exit code for it."""
    code = exit_for(error)
    if trace:
        traceback.print_exception(error)
    if json:
        from midas.wire.problem import Problem

        document = {"error": {**Problem.of(error).model_dump(mode="json"), "exit_code": int(code)}}
        print(json_text.dumps(document, indent=2), flush=True)  # noqa: T201  # the process edge
    else:
        print(_told(error, colour=shows_colour(sys.stderr, no_color)), file=sys.stderr, flush=True)  # noqa: T201
    return code


def _told(error: MidasError, *, colour: bool) -> str:
    red, bold, off = ("\x1b[1;31m", "\x1b[1m", "\x1b[0m") if colour else ("", "", "")
    lines = [f"{red}error:{off} {plain(error.message)}"]
    lines += [f"       - {plain(finding)}" for finding in error.findings[:MOST_FINDINGS]]
    if len(error.findings) > MOST_FINDINGS:
        lines.append(f"       and {len(error.findings) - MOST_FINDINGS} more; --json lists them all")
    # what nobody foresaw has no remedy but to be looked at
    hints = [error.hint, "-v -v shows more."] if exit_for(error) is Exit.INTERNAL else [error.hint]
    if any(hints):
        lines.append(f"{bold}next:{off}  {plain(' '.join(filter(None, hints)))}")
    return "\n".join(lines)
