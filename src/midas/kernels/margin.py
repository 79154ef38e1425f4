"""What a margin account may open, and what its trades do to its equity and to the value it carries."""

from __future__ import annotations

import math

from midas.kernels.account import (
    CASH,
    EQUITY,
    GROSS,
    HELD,
    HOLDINGS,
    LEAVING,
    MARK,
    QUANTITY,
    SENT,
    WANTED,
    Counts,
)
from midas.kernels.compiled import step
from midas.kernels.entry import drop
from midas.kernels.fill import AT_CLOSE, FILLED, INITIAL, MAINTENANCE, MARGIN, SCALE, SHORT_BANNED, Outcome, Terms
from midas.kernels.frame import Frame
from midas.kernels.framed import closes_in, counts_in, dated_in, lists_in, opens_in, state_in, terms_in
from midas.kernels.price_rules import floor_to, half_up
from midas.kernels.world import BANNED, LANES

NO_LIMIT = 1 << 62
"""Cash of an account whose purchases margin limits instead."""


@step
def unbanned(row: int, column: int, number: int, frame: Frame) -> bool:
    """Cut a sale to what closes a position where nothing new may be sold short; False where that is nothing.

    It comes before its price: what is not sold moves none.
    """
    dated, state = dated_in(frame), state_in(frame)
    wanted, held = -state[WANTED, column], max(0.0, state[QUANTITY, column])
    if dated[row, BANNED] == 0.0 or wanted <= held:
        return True
    drop(row, column, -1, row - 1, number, SHORT_BANNED, wanted - held, 0, frame)
    state[WANTED, column] = -held
    if held == 0.0:
        state[SENT, column] = 0.0
    return bool(held > 0.0)


@step
def allowed(
    row: int, side: int, wanted: float, held: float, price: float, lot: float, frame: Frame
) -> tuple[float, int]:
    """Return how much of an order may be traded at about `price`, and why not the rest.

    What closes a position always may. What opens one must be covered: initial margin times the value of all that is
    held after it stays within the equity, at the prices the orders meet and with the fills since.
    """
    dated, terms, counts = dated_in(frame), terms_in(frame), counts_in(frame)
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
def value(row: int, frame: Frame) -> None:
    """Value a margin account at the prices its orders meet: the opens of `row`, or the closes."""
    opens, closes, terms, state = opens_in(frame), closes_in(frame), terms_in(frame), state_in(frame)
    lists, counts = lists_in(frame), counts_in(frame)
    counts[EQUITY], counts[GROSS] = counts[CASH], 0
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        at = column // LANES, row, column % LANES
        price = closes[at] if terms[AT_CLOSE] > 0.0 else opens[at]
        if math.isnan(price):
            price = state[MARK, column]
        worth = half_up(abs(state[QUANTITY, column]) * price * terms[SCALE])
        counts[EQUITY] += worth if state[QUANTITY, column] > 0.0 else -worth
        counts[GROSS] += worth


@step
def carry_value(before: float, after: float, outcome: Outcome, counts: Counts, terms: Terms) -> None:
    """Follow what a fill does to the value carried, and to the equity by its costs."""
    counts[GROSS] += int((abs(after) - abs(before)) * outcome.price * terms[SCALE])
    counts[EQUITY] -= outcome.commission + outcome.tax


@step
def call(cause: int, frame: Frame) -> bool:
    """Tell whether equity is below the maintenance margin at a close; all that is held then leaves at the next open."""
    terms, state, lists, counts = terms_in(frame), state_in(frame), lists_in(frame), counts_in(frame)
    if counts[GROSS] == 0 or counts[EQUITY] >= terms[MAINTENANCE] * counts[GROSS]:
        return False
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        if state[QUANTITY, column] != 0.0:
            state[LEAVING, column] = cause
    return not math.isnan(terms[MAINTENANCE])
