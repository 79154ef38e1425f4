"""Exits as orders: handed to a broker that watches them, or watched here where it does not.

A PROTECTION order stands for a position and closes all of it by the strategy's exits, armed from the bar after the
entry. Where a broker has none, each bar is judged at its close by the same levels, and what was reached is closed at
the next open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, Side
from midas.execution.book import Book
from midas.execution.mandate import Mandate
from midas.execution.rebalance import Wish

LEG = "exit"


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is to be armed and what is to be called off: columns with what they hold, and orders."""

    arm: Sequence[Wish]
    disarm: Sequence[str]


class Guarding:
    """Keeps one PROTECTION order for each position."""

    def __init__(self, mandate: Mandate, ids: Sequence[InstrumentId]) -> None:
        called = mandate.terms.dealing.allow_short
        self.by_broker = mandate.broker.protections and bool(mandate.exits or called)
        self.by_us = bool(mandate.exits) and not mandate.broker.protections
        self._column = {instrument: column for column, instrument in enumerate(ids)}
        self._orders: dict[int, tuple[str, Side]] = {}

    def wanted(self, book: Book, released: Sequence[int]) -> Guarded:
        """Return what is to be done so that each position has its order, anew where an exit was called off."""
        if not self.by_broker:
            return Guarded((), ())
        held = book.quantities
        arm: list[Wish] = []
        disarm: list[str] = []
        for column in {*np.flatnonzero(held).tolist(), *self._orders}:
            side = Side.SELL if held[column] > 0.0 else Side.BUY
            standing = self._orders.get(column)
            if standing is not None and (held[column] == 0.0 or standing[1] is not side or column in released):
                disarm.append(standing[0])
                standing = None
            if standing is None and held[column] != 0.0:
                arm.append(Wish(column, side, abs(float(held[column])), float("nan")))
        return Guarded(sorted(arm, key=lambda wish: wish.column), disarm)

    def armed(self, order: str, intent: OrderIntent) -> None:
        """Note a PROTECTION order that was submitted."""
        self._orders[self._column[intent.instrument]] = order, intent.side

    def ended(self, order: str, intent: OrderIntent) -> None:
        """Note that an order is over, or is called off."""
        column = self._column[intent.instrument]
        if intent.kind is OrderKind.PROTECTION and self._orders.get(column, ("",))[0] == order:
            del self._orders[column]

    def snapshot(self) -> dict[str, Any]:
        return {"orders": [[column, order, side.value] for column, (order, side) in self._orders.items()]}

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._orders = {column: (order, Side(side)) for column, order, side in tree["orders"]}


def exit_wishes(book: Book, busy: frozenset[int]) -> list[Wish]:
    """Return orders that close what an exit reached at this close, but for names that have one at work."""
    found = []
    for column in np.flatnonzero(book.leaving).tolist():
        held = float(book.quantities[column])
        if held != 0.0 and column not in busy:
            found.append(Wish(column, Side.SELL if held > 0.0 else Side.BUY, abs(held), float("nan")))
    return found
