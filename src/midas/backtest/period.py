"""One period for everything that is compared."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.factors.plan import Plan
from midas.marketdata.panel import Panel

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER: Final = 2**62
"""The first row of what cannot be run."""


def shared(firsts: Rows, stop: int) -> tuple[Rows, Flags]:
    """Return the row on which all begin, and which begin too late for that.

    firsts : (..., trial), the first row each could decide on alone, `NEVER` where it cannot be run. The answers are
    (...) and (..., trial). All begin with the last of them; but nobody may take more than half of the sessions from
    the one that could begin first: who would is late, and left out.
    """
    earliest = np.minimum(firsts.min(axis=-1), stop)
    latest = earliest + (stop - earliest) // 2
    in_time = firsts <= latest[..., None]
    first: Rows = np.where(in_time, firsts, -1).max(axis=-1)
    return np.where(first < 0, NEVER, first), ~in_time & (firsts < NEVER)


def from_session(firsts: Rows, panel: Panel, stop: int) -> Rows:
    """Return the first row of the next session for rows that lie within one, so that a date says where all begin.

    On a daily panel that is the row itself; so it is where no other session begins before `stop`.
    """
    moved = np.append(panel.begins, NEVER)[np.searchsorted(panel.begins, firsts)]
    return np.where((moved < stop) | (firsts >= stop), moved, firsts)


def first_row(warmup: int, listed: int, asked: int, stop: int) -> int:
    """Return the first row with a decision, `NEVER` where the warm-up leaves nothing; as `window` has it."""
    first = max(asked, listed + warmup)
    return NEVER if listed >= stop or (first >= stop - 1 and first > asked) else first


def too_late(plan: Plan, panel: Panel, alone: int, first: int, stop: int) -> InvalidInput:
    """Return why a trial that could begin on the row `alone` is left out of those that begin on `first`."""
    days = panel.sessions
    return InvalidInput(
        f"The strategy needs {plan.warmup} sessions before its first decision and could begin on {days[alone]}; the "
        f"others are compared from {days[first]} to {days[stop - 1]}.",
        hint="Begin later, use more data, or shorter lookbacks.",
        code="begins_too_late",
    )
