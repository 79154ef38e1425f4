"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-:=+*#"
"""Eight heights for a terminal that knows no block characters."""


def sparkline(values: Sequence[float], width: int, heights: str = BLOCKS) -> str:
    """Return `values` as at most `width` characters; each shows the last value of its stretch.

    Values that are not finite are left out; a flat curve stays at the bottom.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known or width < 1:
        return ""
    cells = min(width, len(known))
    shown = [known[(cell + 1) * len(known) // cells - 1] for cell in range(cells)]
    low, high = min(shown), max(shown)
    if not math.isfinite(high - low):
        shown, low, high = [value / 2 for value in shown], low / 2, high / 2
    span = high - low or 1.0
    return "".join(heights[round((value - low) / span * (len(heights) - 1))] for value in shown)
