"""Which rows of a panel a run covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from midas.core.errors import InvalidInput
from midas.factors.plan import Plan
from midas.marketdata.panel import Panel


@dataclass(frozen=True, slots=True)
class Window:
    """Rows [first, stop) are simulated and measured; `read_from` is the earliest row the targets need.

    `asked` is the row of the requested start: `first` is later where there was not enough history before it.
    """

    read_from: int
    asked: int
    first: int
    stop: int


def window(plan: Plan, panel: Panel, start: date | None, end: date | None) -> Window:
    """Return the rows of a run: from `start`, or from the first bar, once the warm-up is behind; to `end`.

    Raises
    ------
    InvalidInput: no session lies in the range, none of the names has a bar there, or the warm-up leaves nothing.
    """
    asked, stop = sessions_between(panel, start, end)
    listed = _first_bar(panel, stop)
    if listed is None:
        raise InvalidInput(
            f"None of the {panel.columns} instruments has a bar up to {_day(panel, stop - 1)}.",
            hint="Choose later dates.",
            code="empty_range",
        )
    first = max(asked, listed + plan.warmup)
    if first >= stop - 1 and first > asked:
        raise InvalidInput(
            f"The strategy needs {plan.warmup} sessions before its first decision; "
            f"from {_day(panel, listed)} to {_day(panel, stop - 1)} there are {stop - listed}.",
            hint="Choose a later end, more data, or shorter lookbacks.",
            code="too_short",
        )
    return Window(max(0, first - plan.lookback), listed if start is None else asked, first, stop)


def sessions_between(panel: Panel, start: date | None, end: date | None) -> tuple[int, int]:
    """Return the rows from `start` to `end`.

    Raises
    ------
    InvalidInput: there is none.
    """
    asked, stop = panel.row_range(start, end)
    if stop <= asked:
        raise InvalidInput(
            f"Dataset {panel.dataset!r} has no session from {start or 'its first'} to {end or 'its last'}.",
            hint=f"It covers {_day(panel, 0)} to {_day(panel, panel.rows - 1)}." if panel.rows else "It is empty.",
            code="empty_range",
        )
    return asked, stop


def _first_bar(panel: Panel, stop: int) -> int | None:
    closes = panel.tiles("raw_close")
    for row in range(stop):
        if not np.isnan(closes[:, row, :]).all():
            return row
    return None


def _day(panel: Panel, row: int) -> str:
    return str(panel.sessions[row])
