"""What the kernel's journal of a row says, as a broker tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import Side
from midas.execution.broker import BrokerFill, CashMove
from midas.execution.quantity import decimal_price, decimal_quantity
from midas.execution.retrying import RETRIED
from midas.portfolio.journal import CAUSES, REASONS, EventKind, Events, Fills, Journal, Refusals


@dataclass(frozen=True, slots=True)
class Stamps:
    """When a row's bars opened and closed, and its number."""

    row: int
    opened_utc: datetime
    closed_utc: datetime


def moves(events: Events, ids: Sequence[InstrumentId], stamps: Stamps, *, last: bool) -> list[CashMove]:
    """Return what moved without an order before the open, or, with `last`, at the close."""
    found = []
    parts = (events.column, events.kind, events.amount, events.quantity)
    for place, (column, kind, amount, held) in enumerate(zip(*(part.tolist() for part in parts), strict=True)):
        if (kind >= EventKind.SEIZED) is not last:
            continue
        what, after = EventKind(kind), None
        if what is EventKind.SPLIT:
            after = decimal_quantity(held)
        elif what in (EventKind.DELISTED, EventKind.SEIZED):
            after = Decimal(0)
        name = None if column < 0 else ids[column]
        stamp = stamps.closed_utc if last else stamps.opened_utc
        found.append(CashMove(f"m{stamps.row}-{place}", what.name.lower(), name, amount, after, stamp))
    return found


def refused(refusals: Refusals) -> dict[int, str]:
    """Return why an order, or the rest of one, was dropped, by column; what may be tried again comes first."""
    found: dict[int, str] = {}
    parts = (refusals.column, refusals.reason, refusals.cause)
    for column, reason, cause in zip(*(part.tolist() for part in parts), strict=True):
        word = REASONS[reason - 1].value
        if cause == 0 and (word in RETRIED or found.get(column) not in RETRIED):
            found[column] = word
    return found


def wanted_of(journal: Journal) -> dict[int, float]:
    """Return what orders that follow targets wanted on a row, by column: what they traded and what they did not."""
    fills, refusals, wanted = journal.fills, journal.refusals, defaultdict[int, float](float)
    parts = (fills.column, fills.quantity, fills.cause, fills.number)
    for column, quantity, cause, number in zip(*(part.tolist() for part in parts), strict=True):
        if cause == 0 and number >= 0:
            wanted[column] += quantity
    lost = (refusals.column, refusals.quantity, refusals.cause)
    for column, quantity, cause in zip(*(part.tolist() for part in lost), strict=True):
        if cause == 0:
            wanted[column] += quantity
    return wanted


def fill_of(
    fills: Fills, place: int, number: str, ids: Sequence[InstrumentId], stamps: Stamps, *, inside: bool = False
) -> BrokerFill:
    """Return one fill; those of exits, and others that are said to be, happen inside the bar, the rest at its open."""
    cause = int(fills.cause[place])
    return BrokerFill(
        f"x{stamps.row}-{place}",
        number,
        ids[int(fills.column[place])],
        Side.BUY if fills.side[place] > 0 else Side.SELL,
        decimal_quantity(float(fills.quantity[place])),
        decimal_price(float(fills.price[place])),
        int(fills.value[place]),
        int(fills.commission[place]),
        int(fills.tax[place]),
        stamps.closed_utc if cause or inside else stamps.opened_utc,
        CAUSES[cause - 1] if cause else None,
    )
