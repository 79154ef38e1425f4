"""Named places where a test may kill the process, to see that what is left can be taken up again."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable

from midas.core.errors import InvalidInput

Reached = Callable[[str], None]
"""Told the name of the place; may not return."""


def pass_by(_name: str) -> None:
    """Go on: nobody wants to see us die."""


def crash_at(spec: str) -> Reached:
    """Return what kills this process, as `kill -9` does, when place `name` is reached for the n-th time (`name:n`).

    A name ending in `*` counts every place that begins so.

    Raises
    ------
    InvalidInput: not of that form.
    """
    name, colon, count = spec.rpartition(":")
    if not colon or not name or not count.isdigit() or int(count) < 1:
        raise InvalidInput(f"{spec!r} is not a crash point.", hint="Write NAME:N, e.g. after_submit:1.")
    passed: Counter[str] = Counter()

    def reached(place: str) -> None:
        if place == name or (name.endswith("*") and place.startswith(name[:-1])):
            passed[name] += 1
            if passed[name] == int(count):
                os.kill(os.getpid(), signal.SIGKILL)

    return reached
