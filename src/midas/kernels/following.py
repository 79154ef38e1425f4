"""An account whose orders somebody else matches: it is told its fills, and knows its worth and what it wants next.

Row 0 of its world is what was known before the bar, row 1 the bar, and behind it may be the next ones where they are
passed at once. Rows are counted from there: whoever keeps the account takes as many from what it remembers of rows as
time went on.
"""

from __future__ import annotations

from midas.kernels.account import CASH, DUE, QUANTITY
from midas.kernels.closing import judge, mark
from midas.kernels.compiled import kernel
from midas.kernels.exiting import any_rule, follow, watch
from midas.kernels.fill import SHORTS
from midas.kernels.frame import DONE, ENDED, OVERFLOW, Frame
from midas.kernels.framed import cash_in, counts_in, equity_in, gross_in, rules_in, state_in, terms_in
from midas.kernels.settling import hold

BEFORE, NOW = 0, 1


@kernel
def take(frame: Frame, column: int, change: float, price: float, spent: int, exited: bool) -> None:
    """Book a fill of the bar that is under way: `change` of the holding at `price`, and what it took from the cash."""
    state = state_in(frame)
    before = state[QUANTITY, column]
    counts_in(frame)[CASH] -= spent
    hold(column, change, frame)
    if exited:
        state[DUE, column] = 0.0
    if any_rule(rules_in(frame)) or terms_in(frame)[SHORTS] > 0.0:
        follow(NOW, BEFORE, column, before, price, 0, frame)


@kernel
def close(frame: Frame, until: int, late: bool) -> None:
    """Value the account at the closes of rows [1, until), follow its exits, and tell whether it may go on."""
    equity, cash, gross = equity_in(frame), cash_in(frame), gross_in(frame)
    guarded = any_rule(rules_in(frame)) or terms_in(frame)[SHORTS] > 0.0
    equity[:until], cash[:until], gross[:until] = 0, 0, 0
    row = NOW
    while row < until and frame[ENDED] == DONE:
        stop = row + 1 if guarded else until
        if guarded:
            watch(row, late, frame)
        if mark(row, stop, BEFORE, frame):
            judge(stop - 1, frame)
        else:
            frame[ENDED] = OVERFLOW
        row = stop
