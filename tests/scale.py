"""How much of a figure a run of the suite goes for: 1/50 of it, or all of it under `make verify`."""

from __future__ import annotations

import os

FULL = 50


def scale() -> int:
    return int(os.environ.get("MIDAS_TEST_SCALE", "1"))


def scaled(figure: int) -> int:
    """Return how many of `figure` runs to do now, at least one."""
    return max(1, figure * scale() // FULL)
