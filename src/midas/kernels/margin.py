"""What a margin account may open, and what its trades do to its equity and to the value it carries."""

from __future__ import annotations

import math

from midas.kernels.account import EQUITY, GROSS, HELD, HOLDINGS, LEAVING, QUANTITY, Counts, Lists, State
from midas.kernels.compiled import step
from midas.kernels.fill import FILLED, INITIAL, MAINTENANCE, MARGIN, SCALE, SHORT_BANNED, Outcome, Terms
from midas.kernels.price_rules import floor_to
from midas.kernels.world import BANNED, Dated

NO_LIMIT = 1 << 62
"""Cash of an account whose purchases margin limits instead."""


@step
def allowed(
    row: int,
    side: int,
    wanted: float,
    held: float,
    price: float,
    lot: float,
    counts: Counts,
    dated: Dated,
    terms: Terms,
) -> tuple[float, int]:
    """Return how much of an order may be traded at about `price`, and why not the rest.

    What closes a position always may. What opens one must be covered: initial margin times the value of all that is
    held after it stays within the equity, at the last closes and with the fills since.
    """
    closing = min(wanted, abs(held)) if side * held < 0.0 else 0.0
    if wanted == closing:
        return wanted, FILLED
    if side < 0 and dated[row, BANNED] > 0.0:
        return closing, SHORT_BANNED
    unit = price * terms[SCALE]
    if not unit > 0.0:
        return wanted, FILLED
    room = counts[EQUITY] / terms[INITIAL] - counts[GROSS] + closing * unit
    opening = floor_to(max(0.0, room) / unit, lot)
    if wanted - closing <= opening:
        return wanted, FILLED
    return closing + opening, MARGIN


@step
def carry_value(before: float, after: float, outcome: Outcome, counts: Counts, terms: Terms) -> None:
    """Follow what a fill does to the value carried, and to the equity by its costs."""
    counts[GROSS] += int((abs(after) - abs(before)) * outcome.price * terms[SCALE])
    counts[EQUITY] -= outcome.commission + outcome.tax


@step
def call(cause: int, state: State, lists: Lists, counts: Counts, terms: Terms) -> bool:
    """Tell whether equity is below the maintenance margin at a close; all that is held then leaves at the next open."""
    if counts[GROSS] == 0 or counts[EQUITY] >= terms[MAINTENANCE] * counts[GROSS]:
        return False
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        if state[QUANTITY, column] != 0.0:
            state[LEAVING, column] = cause
    return not math.isnan(terms[MAINTENANCE])
