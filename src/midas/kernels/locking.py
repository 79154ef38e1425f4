"""Shares that may not be sold yet, and money that is not there yet."""

from __future__ import annotations

from midas.kernels.account import BUCKETS, CASH, LOCK_ROW, LOCKED, QUANTITY, TODAY, UNSETTLED
from midas.kernels.compiled import step
from midas.kernels.fill import LOCKING, SHARE, SHORTS
from midas.kernels.frame import Frame
from midas.kernels.framed import counts_in, dated_in, state_in, terms_in
from midas.kernels.price_rules import nearest_to
from midas.kernels.world import BUYING, HELD_BACK, NOTHING, SELLABLE, SESSION, SETTLED


@step
def release(row: int, frame: Frame) -> None:
    """Let go of what may be sold, and of the money that is there, from the session of `row` on."""
    dated, terms, state, counts = dated_in(frame), terms_in(frame), state_in(frame), counts_in(frame)
    today = int(dated[row, SESSION])
    if terms[LOCKING] > 0.0:
        for session in range(max(counts[TODAY] + 1, today - BUCKETS + 1), today + 1):
            counts[UNSETTLED + session % BUCKETS] = 0
            state[LOCKED + session % BUCKETS, :] = 0.0
    counts[TODAY] = today


@step
def withheld(column: int, wanted: float, held: float, fresh: float, frame: Frame) -> float:
    """Return the part of a sale of `wanted` out of `held` shares that may not be sold yet.

    `fresh` is what was locked on this very row and is not among those held.
    """
    terms, state = terms_in(frame), state_in(frame)
    if terms[LOCKING] == 0.0 or held <= 0.0:
        return 0.0
    kept = -fresh
    for bucket in range(BUCKETS):
        kept += state[LOCKED + bucket, column]
    if kept <= 0.0:
        return 0.0
    return max(0.0, nearest_to(wanted - max(0.0, held - kept), terms[SHARE]))


@step
def spendable(row: int, frame: Frame) -> int:
    """Return the cash that may buy on `row`."""
    dated, terms, counts = dated_in(frame), terms_in(frame), counts_in(frame)
    cash = counts[CASH]
    if terms[LOCKING] > 0.0 and dated[row, BUYING] == NOTHING:
        for bucket in range(BUCKETS):
            cash -= counts[UNSETTLED + bucket]
    return int(cash)


@step
def keep(row: int, column: int, quantity: float, frame: Frame) -> None:
    """Lock a purchase that is booked already for as long as the venue asks; its money is spent settled first."""
    dated, terms, state, counts = dated_in(frame), terms_in(frame), state_in(frame), counts_in(frame)
    if terms[LOCKING] == 0.0:
        return
    until = int(dated[row, SELLABLE])
    if terms[SHORTS] == 0.0 and dated[row, BUYING] == HELD_BACK:
        until = max(until, _spend(frame))
    if until > counts[TODAY] and state[QUANTITY, column] > 0.0:
        bucket = min(until, counts[TODAY] + BUCKETS) % BUCKETS
        state[LOCKED + bucket, column] += min(quantity, state[QUANTITY, column])
        state[LOCK_ROW, column] = row


@step
def await_money(row: int, amount: int, frame: Frame) -> None:
    """Take note of when the money for a sale is there."""
    dated, terms, counts = dated_in(frame), terms_in(frame), counts_in(frame)
    until = int(dated[row, SETTLED])
    if terms[LOCKING] > 0.0 and terms[SHORTS] == 0.0 and until > counts[TODAY]:
        counts[UNSETTLED + min(until, counts[TODAY] + BUCKETS) % BUCKETS] += amount


@step
def _spend(frame: Frame) -> int:
    # The session on which the last of what the cash lacks settles; earlier money goes first.
    counts = counts_in(frame)
    lacking = -counts[CASH]
    for bucket in range(BUCKETS):
        lacking += counts[UNSETTLED + bucket]
    until = counts[TODAY]
    for session in range(counts[TODAY] + 1, counts[TODAY] + BUCKETS + 1):
        spent = min(lacking, counts[UNSETTLED + session % BUCKETS])
        if spent > 0:
            counts[UNSETTLED + session % BUCKETS] -= spent
            lacking -= spent
            until = session
    return int(until)
