"""An account whose orders somebody else matches: it is told its fills, and knows its worth and what it wants next.

Its world has two rows: row 0 is what was known before the bar, row 1 the bar. Rows are counted from there: whoever
keeps the account takes 1 from what it remembers of rows as time goes on.
"""

from __future__ import annotations

from midas.kernels.account import CASH, DUE, QUANTITY
from midas.kernels.closing import judge, mark
from midas.kernels.compiled import kernel
from midas.kernels.exiting import any_rule, follow, watch
from midas.kernels.fill import SHORTS
from midas.kernels.frame import ENDED, OVERFLOW, Frame
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
def close(frame: Frame, late: bool) -> None:
    """Value the account at the bar's close, follow its exits, and tell whether it may go on."""
    equity, cash, gross = equity_in(frame), cash_in(frame), gross_in(frame)
    if any_rule(rules_in(frame)) or terms_in(frame)[SHORTS] > 0.0:
        watch(NOW, late, frame)
    equity[:], cash[:], gross[:] = 0, 0, 0
    if mark(NOW, NOW + 1, BEFORE, frame):
        judge(NOW, frame)
    else:
        frame[ENDED] = OVERFLOW
