"""What is asked once more at the socket: whether this order may go out now, and what becomes of it where it may not."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from midas.execution.order_row import OrderRow
from midas.risk.verdict import Denial, Verdict


class Fate(StrEnum):
    """What becomes of a stored order that may not go out now: it waits while it is good, or is refused for good."""

    WAITS = "waits"
    REFUSED = "refused"


FATES: Final[Mapping[Denial, Fate]] = MappingProxyType(
    {
        # what passes by itself, and says nothing against the order
        Denial.NOT_RECONCILED: Fate.WAITS,
        Denial.STALE_SNAPSHOT: Fate.WAITS,
        Denial.STALE_QUOTE: Fate.WAITS,
        Denial.MISSING_DATA: Fate.WAITS,
        Denial.MARKET_CLOSED: Fate.WAITS,
        Denial.HALTED: Fate.WAITS,
        Denial.ORDER_RATE: Fate.WAITS,
        Denial.SELL_LOCKED: Fate.WAITS,
        # accidents and runaways: an order that waited them out would be the accident after all
        Denial.DUPLICATE: Fate.REFUSED,
        Denial.REPEATED_EXECUTION: Fate.REFUSED,
        Denial.PRICE_COLLAR: Fate.REFUSED,
        # somebody, or a loss, said stop: what was decided before that is not to go out after it
        Denial.KILLED: Fate.REFUSED,
        Denial.REDUCE_ONLY: Fate.REFUSED,
        Denial.NOT_ARMED: Fate.REFUSED,
        Denial.PAPER_ONLY: Fate.REFUSED,
        Denial.QUARANTINED: Fate.REFUSED,
        Denial.RESTRICTED: Fate.REFUSED,
        Denial.SHORT_NOT_ALLOWED: Fate.REFUSED,
        Denial.SHORT_BANNED: Fate.REFUSED,
        Denial.DAILY_LOSS: Fate.REFUSED,
        Denial.DRAWDOWN: Fate.REFUSED,
        Denial.COOLDOWN: Fate.REFUSED,
        # too much: two that wait for each other's money would both wait for ever
        Denial.BUYING_POWER: Fate.REFUSED,
        Denial.MAX_QUANTITY: Fate.REFUSED,
        Denial.MAX_NOTIONAL: Fate.REFUSED,
        Denial.MAX_POSITION: Fate.REFUSED,
        Denial.MAX_GROSS: Fate.REFUSED,
        # wrong in itself
        Denial.BAD_QUANTITY: Fate.REFUSED,
        Denial.BAD_PRICE: Fate.REFUSED,
        Denial.KIND_NOT_TAKEN: Fate.REFUSED,
        Denial.EXPIRED: Fate.REFUSED,
        Denial.UNKNOWN_INSTRUMENT: Fate.REFUSED,
        Denial.OFF_TICK: Fate.REFUSED,
        Denial.OFF_LOT: Fate.REFUSED,
        Denial.BEYOND_LIMIT: Fate.REFUSED,
    }
)
"""What becomes of an order that was denied, by the reason; every reason is here."""


class Guard(Protocol):
    """Gate and kill switch, asked when an order is about to be sent; answers at once, without waiting."""

    def judge(self, row: OrderRow) -> Verdict: ...
