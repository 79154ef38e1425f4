"""What is booked when an order has met its bar, and what stays on order."""

from __future__ import annotations

import math

from midas.kernels.account import (
    CASH,
    DUE,
    HELD,
    HOLDINGS,
    IS_HELD,
    NUMBER,
    ORDERED,
    ORDERS,
    QUANTITY,
    SENT,
    WANTED,
)
from midas.kernels.compiled import step
from midas.kernels.entry import drop, write
from midas.kernels.fill import (
    BELOW_LOT,
    CARRY,
    FILLED,
    LIMIT_NOT_REACHED,
    NO_CASH,
    NOT_SELLABLE_YET,
    SCALE,
    SHARE,
    VOLUME_CAP,
    Outcome,
)
from midas.kernels.frame import Frame
from midas.kernels.framed import counts_in, lists_in, state_in, terms_in
from midas.kernels.locking import await_money, keep
from midas.kernels.price_rules import half_up, nearest_to


@step
def settle(row: int, column: int, number: int, by_change: bool, outcome: Outcome, kept: float, frame: Frame) -> None:
    """Book what became of an order, and what is left of it; `kept` is what could not be sold yet."""
    terms, state = terms_in(frame), state_in(frame)
    wanted = state[WANTED, column]
    side = 1 if math.copysign(1.0, wanted) > 0.0 else -1  # what a reverse split left may be a signed zero
    decided, place = row - 1, number
    if state[SENT, column] > 0.0:
        decided, place = int(state[SENT, column]) - 1, int(state[NUMBER, column])
    state[WANTED, column], state[SENT, column] = 0.0, 0.0
    unmet = outcome.refusal not in (FILLED, BELOW_LOT, LIMIT_NOT_REACHED)
    left = (abs(wanted) if unmet else outcome.capped) + kept
    if by_change and left > 0.0:
        state[DUE, column] = side
    elif terms[CARRY] > 0.0 and left > 0.0:
        state[WANTED, column] = side * left
        state[SENT, column], state[NUMBER, column] = decided + 1, place
    if kept > 0.0:
        drop(row, column, side, decided, place, NOT_SELLABLE_YET, kept, 0, frame)
    if outcome.refusal != FILLED:
        drop(row, column, side, decided, place, outcome.refusal, abs(wanted), 0, frame)
        return
    if outcome.quantity > 0.0:
        book(row, column, side, decided, place, outcome, frame)
    if outcome.capped > 0.0:
        drop(row, column, side, decided, place, VOLUME_CAP, outcome.capped, 0, frame)
    if outcome.unpaid > 0.0:
        drop(row, column, side, decided, place, NO_CASH, outcome.unpaid, 0, frame)


@step
def book(row: int, column: int, side: int, decided: int, place: int, outcome: Outcome, frame: Frame) -> None:
    """Book a fill: the journal, the cash and what is held."""
    counts = counts_in(frame)
    _enter(row, column, side, decided, place, outcome, frame)
    counts[CASH] -= side * outcome.value + outcome.commission + outcome.tax
    hold(column, side * outcome.quantity, frame)
    if side > 0:
        keep(row, column, outcome.quantity, frame)
    else:
        await_money(row, outcome.value - outcome.commission - outcome.tax, frame)


@step
def _enter(row: int, column: int, side: int, decided: int, place: int, outcome: Outcome, frame: Frame) -> None:
    # A fill that turns a position round is two: what closes it, and what opens the other one.
    terms, state = terms_in(frame), state_in(frame)
    quantity, value, commission, tax = outcome.quantity, outcome.value, outcome.commission, outcome.tax
    closing = abs(state[QUANTITY, column])
    if closing > 0.0 and state[QUANTITY, column] * side < 0.0 and closing < quantity:
        part = half_up(closing * outcome.price * terms[SCALE])
        fees, taxes = int(commission * closing / quantity), int(tax * closing / quantity)
        write(row, column, side, decided, place, closing, outcome.price, part, fees, taxes, 0, frame)
        quantity = nearest_to(quantity - closing, terms[SHARE])
        value, commission, tax = value - part, commission - fees, tax - taxes
    write(row, column, side, decided, place, quantity, outcome.price, value, commission, tax, 0, frame)


@step
def carry(by_change: bool, frame: Frame) -> None:
    """Keep orders that are carried over on order, in their order; the others are gone."""
    terms, state, lists, counts = terms_in(frame), state_in(frame), lists_in(frame), counts_in(frame)
    kept = 0
    for number in range(counts[ORDERED] if terms[CARRY] > 0.0 and not by_change else 0):
        column = lists[ORDERS, number]
        if state[SENT, column] > 0.0:
            lists[ORDERS, kept] = column
            kept += 1
    counts[ORDERED] = kept


@step
def forget(frame: Frame) -> None:
    """Drop what was carried over: a new decision takes its place."""
    state, lists, counts = state_in(frame), lists_in(frame), counts_in(frame)
    for number in range(counts[ORDERED]):
        column = lists[ORDERS, number]
        state[WANTED, column], state[SENT, column] = 0.0, 0.0
    counts[ORDERED] = 0


@step
def hold(column: int, change: float, frame: Frame) -> None:
    """Change what is held of a name."""
    terms, state, lists, counts = terms_in(frame), state_in(frame), lists_in(frame), counts_in(frame)
    state[QUANTITY, column] = nearest_to(state[QUANTITY, column] + change, terms[SHARE])
    if lists[IS_HELD, column] == 0:
        lists[IS_HELD, column] = 1
        lists[HELD, counts[HOLDINGS]] = column
        counts[HOLDINGS] += 1
