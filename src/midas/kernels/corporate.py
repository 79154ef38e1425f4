"""What happens to an account before an open: splits, dividends, rights, delistings, interest."""

from __future__ import annotations

import math

from midas.kernels.account import (
    BEST,
    BORROWED,
    BUCKETS,
    CASH,
    DELISTED,
    DIVIDEND,
    ENTRY,
    HELD,
    HOLDINGS,
    IN_LIEU,
    INTEREST,
    LEAVING,
    LOCKED,
    MARK,
    ORDERED,
    ORDERS,
    QUANTITY,
    RANGE,
    SEIZED,
    SPLIT,
    WANTED,
    WRITTEN_OFF,
    State,
)
from midas.kernels.compiled import step
from midas.kernels.entry import note
from midas.kernels.fill import BORROW_RATE, CASH_RATE, REINVEST, SCALE, SHARE
from midas.kernels.frame import Frame
from midas.kernels.framed import (
    class_of_in,
    counts_in,
    dated_in,
    happenings_in,
    journal_in,
    lists_in,
    state_in,
    terms_in,
)
from midas.kernels.price_rules import floor_to, half_up, signed_half_up
from midas.kernels.world import DAYS, DELISTING, RIGHTS, SPLITTING, lot_of


@step
def meet_actions(row: int, met: int, upcoming: int, frame: Frame) -> None:
    """Apply the actions [met, upcoming) of `row`; dividends are paid on what was held the day before."""
    happenings, class_of, dated = happenings_in(frame), class_of_in(frame), dated_in(frame)
    terms, state = terms_in(frame), state_in(frame)
    last = -1
    before = 0.0
    for action in range(met, upcoming):
        column = int(happenings[action, 1])
        if column != last:
            last = column
            before = state[QUANTITY, column]
        value = happenings[action, 3]
        if happenings[action, 2] == SPLITTING:
            _split(row, column, value, frame)
        elif happenings[action, 2] == DELISTING:
            _delist(row, column, value, frame)
        elif happenings[action, 2] == RIGHTS:
            _sell_rights(row, column, value, frame)
        elif before != 0.0:
            _reprice(column, 1.0 - value / state[MARK, column], state)
            amount = signed_half_up(before * value * terms[SCALE])
            pay(row, column, DIVIDEND, amount, before, frame)
            if terms[REINVEST] > 0.0 and before > 0.0:
                lot = lot_of(row, class_of[column], dated, terms)
                _reinvest(column, amount, value, lot, frame)


@step
def accrue(row: int, frame: Frame) -> None:
    """Pay interest on the cash since the session before."""
    dated, terms, counts = dated_in(frame), terms_in(frame), counts_in(frame)
    amount = signed_half_up(counts[CASH] * terms[CASH_RATE] * dated[row, DAYS])
    if amount != 0:
        pay(row, -1, INTEREST, amount, 0.0, frame)


@step
def lend(row: int, frame: Frame) -> None:
    """Charge what was borrowed since the session before, at its last price."""
    dated, terms, state = dated_in(frame), terms_in(frame), state_in(frame)
    lists, counts = lists_in(frame), counts_in(frame)
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        short = -state[QUANTITY, column]
        if short > 0.0:
            worth = short * state[MARK, column] * terms[SCALE]
            fee = half_up(worth * terms[BORROW_RATE] * dated[row, DAYS])
            if fee > 0:
                pay(row, column, BORROWED, -fee, short, frame)


@step
def seize(row: int, frame: Frame) -> None:
    """End an account whose equity is gone: all is closed at its last price, what it cannot pay is written off."""
    terms, state, lists, counts = terms_in(frame), state_in(frame), lists_in(frame), counts_in(frame)
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        held = state[QUANTITY, column]
        if held != 0.0:
            amount = signed_half_up(held * state[MARK, column] * terms[SCALE])
            pay(row, column, SEIZED, amount, held, frame)
            state[QUANTITY, column] = 0.0
    if counts[CASH] != 0:
        pay(row, -1, WRITTEN_OFF, -counts[CASH], 0.0, frame)


@step
def pay(row: int, column: int, kind: int, amount: int, quantity: float, frame: Frame) -> None:
    """Book a payment into the account, or out of it where it is below 0."""
    counts, journal = counts_in(frame), journal_in(frame)
    place = note(kind, row, column, 0, row, -1, quantity, math.nan, frame)
    journal[place, 6] = amount
    counts[CASH] += amount


@step
def _split(row: int, column: int, ratio: float, frame: Frame) -> None:
    terms, state = terms_in(frame), state_in(frame)
    state[MARK, column] /= ratio
    _reprice(column, 1.0 / ratio, state)
    wanted = state[WANTED, column]
    if wanted != 0.0:
        state[WANTED, column] = math.copysign(floor_to(abs(wanted) * ratio, terms[SHARE]), wanted)
    for bucket in range(BUCKETS):
        state[LOCKED + bucket, column] = floor_to(state[LOCKED + bucket, column] * ratio, terms[SHARE])
    before = state[QUANTITY, column]
    if before == 0.0:
        return
    after = math.copysign(floor_to(abs(before) * ratio, terms[SHARE]), before)
    state[QUANTITY, column] = after
    if after == 0.0:
        state[LEAVING, column] = 0.0
    note(SPLIT, row, column, 0, row, -1, after, ratio, frame)
    fraction = max(0.0, abs(before) * ratio - abs(after))
    amount = half_up(fraction * state[MARK, column] * terms[SCALE])
    if amount > 0:
        pay(row, column, IN_LIEU, amount if before > 0.0 else -amount, fraction, frame)


@step
def _reprice(column: int, share: float, state: State) -> None:
    # What a share gives away its price loses, which is no loss: exits go by what is left, as total return has it.
    if share > 0.0:
        state[ENTRY, column] *= share
        state[BEST, column] *= share
        for kind in range(3):
            state[RANGE + kind, column] *= share


@step
def _sell_rights(row: int, column: int, ratio: float, frame: Frame) -> None:
    # The right is sold at what it is worth: with that in cash, the shares at the ex-rights price are what they were.
    terms, state = terms_in(frame), state_in(frame)
    held, before = state[QUANTITY, column], state[MARK, column]
    state[MARK, column] /= ratio
    _reprice(column, 1.0 / ratio, state)
    if held == 0.0:
        return
    amount = signed_half_up(held * (before - state[MARK, column]) * terms[SCALE])
    if amount != 0:
        pay(row, column, IN_LIEU, amount, held, frame)


@step
def _delist(row: int, column: int, recovery: float, frame: Frame) -> None:
    # What is held is paid out at the last price times the recovery, and the name is gone.
    terms, state = terms_in(frame), state_in(frame)
    held = state[QUANTITY, column]
    if held == 0.0:
        return
    amount = signed_half_up(held * state[MARK, column] * recovery * terms[SCALE])
    pay(row, column, DELISTED, amount, held, frame)
    state[QUANTITY, column] = 0.0
    state[LEAVING, column] = 0.0


@step
def _reinvest(column: int, amount: int, each: float, lot: float, frame: Frame) -> None:
    # Where the row has no order of the name already, the dividend buys what it would at the close less itself.
    terms, state, lists, counts = terms_in(frame), state_in(frame), lists_in(frame), counts_in(frame)
    price = state[MARK, column] - each
    if state[WANTED, column] != 0.0 or price <= 0.0 or state[LEAVING, column] > 0.0:
        return
    wanted = floor_to(amount / (terms[SCALE] * price), lot)
    if wanted > 0.0:
        state[WANTED, column] = wanted
        lists[ORDERS, counts[ORDERED]] = column
        counts[ORDERED] += 1
