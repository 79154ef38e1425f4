"""What an account holds and what happened to it, as the few arrays the matching loop works on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

State = NDArray[np.float64]
"""(STATES, instrument); the rows are named below."""

QUANTITY = 0
MARK = 1
"""Last known close, in today's shares, of what is held."""
TARGET = 2
"""Last weight heard, 0 at first."""
DUE = 3
"""Side of an order that found no market and is tried again, else 0."""
WANTED = 4
"""Signed quantity on order."""
WEIGHT = 5
"""Weight behind the order."""
ENTRY = 6
"""Average price of what is held, in today's shares; this and what follows is kept only where exits watch."""
ENTERED = 7
"""Row of the position's first fill."""
BEST = 8
"""Highest price since the entry, lowest of a short, in today's shares."""
LEAVING = 9
"""Cause of an exit that is to trade at the next open, else 0."""
TRADED = 10
"""Signed quantity of the order that filled on row `TRADED_ROW`."""
TRADED_ROW = 11
RANGE = 12
"""First of three: average true range known at the entry, in today's shares, for each exit that goes by it."""
SENT = 15
"""Row after the decision of an order that was carried over from an earlier row, else 0."""
NUMBER = 16
"""Its place among the orders of that decision."""
LOCK_ROW = 17
"""Row of the last purchase that may not be sold at once."""
LOCKED = 18
"""First of `BUCKETS`: what may be sold from a session on, by that session modulo their number."""
BUCKETS = 8
STATES = LOCKED + BUCKETS

Lists = NDArray[np.int64]
"""(5, instrument): columns held, columns on order, buys being sorted (twice), and 1 for columns that are held."""

HELD = 0
ORDERS = 1
BUYS = 2
SORTED = 3
IS_HELD = 4

Counts = NDArray[np.int64]
"""Cash in minor units, length of the list of holdings, of the list of orders, of the journal.

Of a margin account also equity and gross value of what is held, at the last close and with the fills since.
"""

CASH = 0
HOLDINGS = 1
ORDERED = 2
ENTRIES = 3
EQUITY = 4
GROSS = 5
TODAY = 6
"""Session of the last row met."""
UNSETTLED = 7
"""First of `BUCKETS`: cash that settles on a session, by that session modulo their number."""
COUNTS = UNSETTLED + BUCKETS

Journal = NDArray[np.int64]
"""(entry, 10): kind, row, column, side, decided row, number of the order or -1, three amounts in minor units, cause.

`FILL` has value, commission and tax. Payments have what was paid in; `INTEREST` has column -1. A kind from `REFUSED`
on is a refused order, or the refused rest of one: the reason is the kind less `REFUSED`. The cause is 0 for an
order that follows a target, else that of an exit (see `exiting`).
"""

WIDTH = 10
CAUSE = 9

Amounts = NDArray[np.float64]
"""(entry, 2) beside the journal: a fill's quantity and price, quantity refused, that after a split and the ratio."""

FILL = 0
SPLIT = 1
DIVIDEND = 2
IN_LIEU = 3
DELISTED = 4
INTEREST = 5
BORROWED = 6
SEIZED = 7
WRITTEN_OFF = 8
REFUSED = 10


RESTING_FIELDS = 7
"""What is known of an order that waits for its price; see `resting`."""


class Account(NamedTuple):
    """What an account is at a close, and what it has written."""

    state: NDArray[np.float64]
    lists: NDArray[np.int64]
    counts: NDArray[np.int64]
    bars: NDArray[np.float64]
    journal: NDArray[np.int64]
    amounts: NDArray[np.float64]
    equity: NDArray[np.int64]
    cash: NDArray[np.int64]
    gross: NDArray[np.int64]
