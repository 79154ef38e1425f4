"""Entries of the journal."""

from __future__ import annotations

import math

from midas.kernels.account import CAUSE, ENTRIES, FILL, REFUSED
from midas.kernels.compiled import step
from midas.kernels.frame import Frame
from midas.kernels.framed import amounts_in, counts_in, journal_in


@step
def note(
    kind: int,
    row: int,
    column: int,
    side: int,
    decided: int,
    number: int,
    first: float,
    second: float,
    frame: Frame,
) -> int:
    """Write an entry and return its place; its amounts in minor units and its cause are 0."""
    counts, journal, amounts = counts_in(frame), journal_in(frame), amounts_in(frame)
    place = counts[ENTRIES]
    entry = journal[place]
    entry[0], entry[1], entry[2], entry[3], entry[4], entry[5] = kind, row, column, side, decided, number
    entry[6:] = 0
    amounts[place, 0], amounts[place, 1] = first, second
    counts[ENTRIES] = place + 1
    return int(place)


@step
def taken(row: int, column: int, frame: Frame) -> float:
    """Return how many shares of a name were traded on a row that is under way."""
    counts, journal, amounts = counts_in(frame), journal_in(frame), amounts_in(frame)
    place, found = counts[ENTRIES] - 1, 0.0
    while place >= 0 and journal[place, 1] == row:
        if journal[place, 0] == FILL and journal[place, 2] == column:
            found += amounts[place, 0]
        place -= 1
    return found


@step
def write(
    row: int,
    column: int,
    side: int,
    decided: int,
    number: int,
    quantity: float,
    price: float,
    value: int,
    commission: int,
    tax: int,
    cause: int,
    frame: Frame,
) -> None:
    """Enter a fill."""
    journal = journal_in(frame)
    place = note(FILL, row, column, side, decided, number, quantity, price, frame)
    entry = journal[place]
    entry[6], entry[7], entry[8], entry[CAUSE] = value, commission, tax, cause


@step
def drop(
    row: int,
    column: int,
    side: int,
    decided: int,
    number: int,
    reason: int,
    quantity: float,
    cause: int,
    frame: Frame,
) -> None:
    """Enter that an order, or a part of one, was dropped."""
    journal = journal_in(frame)
    place = note(REFUSED + reason, row, column, side, decided, number, quantity, math.nan, frame)
    journal[place, CAUSE] = cause
