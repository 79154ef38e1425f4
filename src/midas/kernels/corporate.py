"""What happens to an account before an open: splits, dividends, delistings, interest."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import (
    BEST,
    BORROWED,
    CASH,
    DELISTED,
    DIVIDEND,
    ENTRIES,
    ENTRY,
    HELD,
    HOLDINGS,
    IN_LIEU,
    INTEREST,
    LEAVING,
    MARK,
    ORDERED,
    ORDERS,
    QUANTITY,
    RANGE,
    SEIZED,
    SPLIT,
    WANTED,
    WRITTEN_OFF,
    Amounts,
    Counts,
    Journal,
    Lists,
    State,
    note,
)
from midas.kernels.compiled import step
from midas.kernels.fill import BORROW_RATE, CASH_RATE, REINVEST, SCALE, SHARE, Terms
from midas.kernels.price_rules import floor_to, half_up, signed_half_up
from midas.kernels.world import DAYS, DELISTING, SPLITTING, Dated, Happenings, lot_of


@step
def meet_actions(
    row: int,
    met: int,
    upcoming: int,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    """Apply the actions [met, upcoming) of `row`; dividends are paid on what was held the day before."""
    last = -1
    before = 0.0
    for action in range(met, upcoming):
        column = int(happenings[action, 1])
        if column != last:
            last = column
            before = state[QUANTITY, column]
        value = happenings[action, 3]
        if happenings[action, 2] == SPLITTING:
            _split(row, column, value, state, counts, journal, amounts, terms)
        elif happenings[action, 2] == DELISTING:
            _delist(row, column, value, state, counts, journal, amounts, terms)
        elif before != 0.0:
            amount = signed_half_up(before * value * terms[SCALE])
            pay(row, column, DIVIDEND, amount, before, counts, journal, amounts)
            if terms[REINVEST] > 0.0 and before > 0.0:
                lot = lot_of(row, class_of[column], dated, terms)
                _reinvest(column, amount, value, lot, state, lists, counts, terms)


@step
def accrue(row: int, dated: Dated, counts: Counts, journal: Journal, amounts: Amounts, terms: Terms) -> None:
    """Pay interest on the cash since the session before."""
    amount = signed_half_up(counts[CASH] * terms[CASH_RATE] * dated[row, DAYS])
    if amount != 0:
        pay(row, -1, INTEREST, amount, 0.0, counts, journal, amounts)


@step
def lend(
    row: int, dated: Dated, state: State, lists: Lists, counts: Counts, journal: Journal, amounts: Amounts, terms: Terms
) -> None:
    """Charge what was borrowed since the session before, at its last price."""
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        short = -state[QUANTITY, column]
        if short > 0.0:
            fee = half_up(short * state[MARK, column] * terms[SCALE] * terms[BORROW_RATE] * dated[row, DAYS])
            if fee > 0:
                pay(row, column, BORROWED, -fee, short, counts, journal, amounts)


@step
def seize(
    row: int, state: State, lists: Lists, counts: Counts, journal: Journal, amounts: Amounts, terms: Terms
) -> None:
    """End an account whose equity is gone: all is closed at its last price, what it cannot pay is written off."""
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        held = state[QUANTITY, column]
        if held != 0.0:
            amount = signed_half_up(held * state[MARK, column] * terms[SCALE])
            pay(row, column, SEIZED, amount, held, counts, journal, amounts)
            state[QUANTITY, column] = 0.0
    if counts[CASH] != 0:
        pay(row, -1, WRITTEN_OFF, -counts[CASH], 0.0, counts, journal, amounts)


@step
def pay(
    row: int, column: int, kind: int, amount: int, quantity: float, counts: Counts, journal: Journal, amounts: Amounts
) -> None:
    """Book a payment into the account, or out of it where it is below 0."""
    note(journal, amounts, counts[ENTRIES], kind, row, column, 0, row, -1, quantity, math.nan)
    journal[counts[ENTRIES], 6] = amount
    counts[ENTRIES] += 1
    counts[CASH] += amount


@step
def _split(
    row: int,
    column: int,
    ratio: float,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    state[MARK, column] /= ratio
    state[ENTRY, column] /= ratio
    state[BEST, column] /= ratio
    for kind in range(3):
        state[RANGE + kind, column] /= ratio
    wanted = state[WANTED, column]
    if wanted != 0.0:
        state[WANTED, column] = math.copysign(floor_to(abs(wanted) * ratio, terms[SHARE]), wanted)
    before = state[QUANTITY, column]
    if before == 0.0:
        return
    after = math.copysign(floor_to(abs(before) * ratio, terms[SHARE]), before)
    state[QUANTITY, column] = after
    if after == 0.0:
        state[LEAVING, column] = 0.0
    note(journal, amounts, counts[ENTRIES], SPLIT, row, column, 0, row, -1, after, ratio)
    counts[ENTRIES] += 1
    fraction = max(0.0, abs(before) * ratio - abs(after))
    amount = half_up(fraction * state[MARK, column] * terms[SCALE])
    if amount > 0:
        pay(row, column, IN_LIEU, amount if before > 0.0 else -amount, fraction, counts, journal, amounts)


@step
def _delist(
    row: int,
    column: int,
    recovery: float,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    # What is held is paid out at the last price times the recovery, and the name is gone.
    held = state[QUANTITY, column]
    if held == 0.0:
        return
    amount = signed_half_up(held * state[MARK, column] * recovery * terms[SCALE])
    pay(row, column, DELISTED, amount, held, counts, journal, amounts)
    state[QUANTITY, column] = 0.0
    state[LEAVING, column] = 0.0


@step
def _reinvest(
    column: int, amount: int, each: float, lot: float, state: State, lists: Lists, counts: Counts, terms: Terms
) -> None:
    # Where the row has no order of the name already, the dividend buys what it would at the close less itself.
    price = state[MARK, column] - each
    if state[WANTED, column] != 0.0 or price <= 0.0 or state[LEAVING, column] > 0.0:
        return
    wanted = floor_to(amount / (terms[SCALE] * price), lot)
    if wanted > 0.0:
        state[WANTED, column] = wanted
        lists[ORDERS, counts[ORDERED]] = column
        counts[ORDERED] += 1
