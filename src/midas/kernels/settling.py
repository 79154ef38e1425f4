"""What is booked when an order has met its bar, and what stays on order."""

from __future__ import annotations

import math

from midas.kernels.account import (
    CASH,
    DUE,
    ENTRIES,
    FILL,
    HELD,
    HOLDINGS,
    IS_HELD,
    NUMBER,
    ORDERED,
    ORDERS,
    QUANTITY,
    REFUSED,
    SENT,
    WANTED,
    Amounts,
    Counts,
    Journal,
    Lists,
    State,
    note,
)
from midas.kernels.compiled import step
from midas.kernels.fill import (
    BELOW_LOT,
    CARRY,
    FILLED,
    LIMIT_NOT_REACHED,
    NO_CASH,
    SCALE,
    SHARE,
    VOLUME_CAP,
    Outcome,
    Terms,
)
from midas.kernels.price_rules import half_up, nearest_to


@step
def settle(
    row: int,
    column: int,
    number: int,
    by_change: bool,
    outcome: Outcome,
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    """Book what became of an order, and what is left of it."""
    wanted = state[WANTED, column]
    side = 1 if math.copysign(1.0, wanted) > 0.0 else -1  # what a reverse split left may be a signed zero
    decided, place = row - 1, number
    if state[SENT, column] > 0.0:
        decided, place = int(state[SENT, column]) - 1, int(state[NUMBER, column])
    state[WANTED, column], state[SENT, column] = 0.0, 0.0
    unmet = outcome.refusal not in (FILLED, BELOW_LOT, LIMIT_NOT_REACHED)
    left = abs(wanted) if unmet else outcome.capped
    if by_change and left > 0.0:
        state[DUE, column] = side
    elif terms[CARRY] > 0.0 and left > 0.0:
        state[WANTED, column] = side * left
        state[SENT, column], state[NUMBER, column] = decided + 1, place
    if outcome.refusal != FILLED:
        drop(row, column, side, decided, place, outcome.refusal, abs(wanted), counts, journal, amounts)
        return
    if outcome.quantity > 0.0:
        _book(row, column, side, decided, place, outcome, state, counts, journal, amounts, terms)
        counts[CASH] -= side * outcome.value + outcome.commission + outcome.tax
        _hold(column, side * outcome.quantity, state, lists, counts, terms)
    if outcome.capped > 0.0:
        drop(row, column, side, decided, place, VOLUME_CAP, outcome.capped, counts, journal, amounts)
    if outcome.unpaid > 0.0:
        drop(row, column, side, decided, place, NO_CASH, outcome.unpaid, counts, journal, amounts)


@step
def _book(
    row: int,
    column: int,
    side: int,
    decided: int,
    place: int,
    outcome: Outcome,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    # A fill that turns a position round is two: what closes it, and what opens the other one.
    quantity, value, commission, tax = outcome.quantity, outcome.value, outcome.commission, outcome.tax
    closing = abs(state[QUANTITY, column])
    if closing > 0.0 and state[QUANTITY, column] * side < 0.0 and closing < quantity:
        part = half_up(closing * outcome.price * terms[SCALE])
        fees, taxes = int(commission * closing / quantity), int(tax * closing / quantity)
        _write(row, column, side, decided, place, closing, outcome.price, part, fees, taxes, counts, journal, amounts)
        quantity = nearest_to(quantity - closing, terms[SHARE])
        value, commission, tax = value - part, commission - fees, tax - taxes
    _write(row, column, side, decided, place, quantity, outcome.price, value, commission, tax, counts, journal, amounts)


@step
def _write(
    row: int,
    column: int,
    side: int,
    decided: int,
    place: int,
    quantity: float,
    price: float,
    value: int,
    commission: int,
    tax: int,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
) -> None:
    at = counts[ENTRIES]
    note(journal, amounts, at, FILL, row, column, side, decided, place, quantity, price)
    journal[at, 6] = value
    journal[at, 7] = commission
    journal[at, 8] = tax
    counts[ENTRIES] = at + 1


@step
def carry(state: State, lists: Lists, counts: Counts) -> int:
    """Keep orders that are still wanted on order, in their order, and return how many there are."""
    kept = 0
    for number in range(counts[ORDERED]):
        column = lists[ORDERS, number]
        if state[SENT, column] > 0.0:
            lists[ORDERS, kept] = column
            kept += 1
    return kept


@step
def forget(state: State, lists: Lists, counts: Counts) -> None:
    """Drop what was carried over: a new decision takes its place."""
    for number in range(counts[ORDERED]):
        column = lists[ORDERS, number]
        state[WANTED, column], state[SENT, column] = 0.0, 0.0
    counts[ORDERED] = 0


@step
def drop(
    row: int,
    column: int,
    side: int,
    decided: int,
    number: int,
    reason: int,
    quantity: float,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
) -> None:
    """Note that an order, or a part of one, was dropped."""
    place = counts[ENTRIES]
    note(journal, amounts, place, REFUSED + reason, row, column, side, decided, number, quantity, math.nan)
    counts[ENTRIES] = place + 1


@step
def _hold(column: int, change: float, state: State, lists: Lists, counts: Counts, terms: Terms) -> None:
    state[QUANTITY, column] = nearest_to(state[QUANTITY, column] + change, terms[SHARE])
    if lists[IS_HELD, column] == 0:
        lists[IS_HELD, column] = 1
        lists[HELD, counts[HOLDINGS]] = column
        counts[HOLDINGS] += 1
