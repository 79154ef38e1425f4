"""The orders of a stride and their fills: kept in columns, and made one by one once somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderIntent, OrderKind, Reject, Side, TimeInForce
from midas.execution.broker import BrokerState, Ticket
from midas.execution.mandate import TARGET, Mandate
from midas.execution.order_id import id_of
from midas.execution.paper_state import Working
from midas.execution.quantity import decimal_price, decimal_quantity

Integers = NDArray[np.int64]
Values = NDArray[np.float64]
Stamps = NDArray[np.datetime64]

VALUE, COMMISSION, TAX, SHORT = 2, 3, 4, 5
"""Columns of `Dealt.fills`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An order of a stride: the row it was decided on, counted from the stride's first, its id, key and column."""

    row: int
    id: str
    key: str
    intent: OrderIntent
    column: int


@dataclass(frozen=True, slots=True)
class Met:
    """The one fill of an order: row, counted likewise, quantity and price, and minor units.

    short : the cash did not last for all of it, and the rest was dropped.
    """

    row: int
    stamp_utc: datetime
    quantity: Decimal
    price: Decimal
    value: int
    commission: int
    tax: int
    short: bool


class Wording:
    """Words the orders of strides as a loop does those of single rows."""

    def __init__(self, mandate: Mandate) -> None:
        self._mandate = mandate
        self.ids = [instrument.id for instrument in mandate.ground.instruments]
        self._bar = timedelta(seconds=mandate.ground.timeframe.seconds)
        carried = mandate.terms.dealing.carry and not mandate.by_change
        self._waits = TimeInForce.GTC if carried else TimeInForce.NEXT

    def sent(self, orders: Integers, wanted: Values, stamps: Stamps) -> list[Sent]:
        """Return orders, (row, column) each, of signed quantities at last prices, and of bars that closed then."""
        found, before, place = list[Sent](), -1, 0
        for (row, column), (size, price), stamp in zip(orders.tolist(), wanted.tolist(), stamps.tolist(), strict=True):
            place = place + 1 if row == before else 0
            if row != before:
                before, stamp_utc = row, stamp.replace(tzinfo=UTC)
            intent = self._intent(column, size, price, stamp_utc, place)
            key = intent.key
            found.append(Sent(row, id_of(key), key, intent, column))
        return found

    def _intent(self, column: int, wanted: float, price: float, stamp_utc: datetime, place: int) -> OrderIntent:
        mandate = self._mandate
        return OrderIntent(
            mandate.account, mandate.run, self.ids[column], Side.BUY if wanted > 0.0 else Side.SELL,
            decimal_quantity(abs(wanted)), OrderKind.MARKET, self._waits, stamp_utc, stamp_utc + self._bar, TARGET,
            place, None, None, decimal_price(price), False, mandate.strategy,
        )  # fmt: skip


@dataclass(frozen=True)
class Dealt:
    """Orders of a stride from row `first` on, in a session, each with its one fill, in the order they came.

    orders : (row, column), rows counted from the stride's first. wanted : signed quantity and last price. fills : (row,
    order, value, commission, tax, 1 where the cash did not last). amounts : quantity and price. sent_utc, met_utc :
    when the bars closed that they were decided on, and that they met. held : what was held before each fill, in parts
    (see `quantity.parts_of`), and its cost, as the books have them, once these were asked.
    """

    first: int
    session: date
    orders: Integers
    wanted: Values
    fills: Integers
    amounts: Values
    sent_utc: Stamps
    met_utc: Stamps
    wording: Wording = field(repr=False)
    held: list[tuple[int, int]] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        return len(self.orders)

    @property
    def sides(self) -> Integers:
        """1 for what was bought, -1 for what was sold."""
        return np.where(self.wanted[:, 0] > 0.0, 1, -1)

    @cached_property
    def sent(self) -> list[Sent]:
        """The orders."""
        return self.wording.sent(self.orders, self.wanted, self.sent_utc)

    @cached_property
    def met(self) -> list[Met]:
        """Their fills."""
        return [
            Met(
                row, stamp.replace(tzinfo=UTC), decimal_quantity(quantity), decimal_price(price), value, commission,
                tax, short > 0,
            )
            for (row, _, value, commission, tax, short), (quantity, price), stamp in zip(
                self.fills.tolist(), self.amounts.tolist(), self.met_utc.tolist(), strict=True
            )
        ]  # fmt: skip

    def trades(self) -> Iterator[tuple[int, float, int]]:
        """Yield what each fill moved: column, and quantity and value below 0 for a sale."""
        sides, columns, values = self.sides, self.orders[:, 1].tolist(), self.fills[:, VALUE]
        yield from zip(columns, (sides * self.amounts[:, 0]).tolist(), (sides * values).tolist(), strict=True)

    def working(self) -> list[Working]:
        """Return the orders as a paper broker keeps them."""
        return [_working(sent, met, self.session) for sent, met in zip(self.sent, self.met, strict=True)]


def spent(parts: Sequence[Dealt]) -> int:
    """Return what all their fills took out of the cash, in minor units; below 0 is what they brought."""
    if not parts:
        return 0
    fills, sides = np.concatenate([part.fills for part in parts]), np.concatenate([part.sides for part in parts])
    return int((sides * fills[:, VALUE] + fills[:, COMMISSION] + fills[:, TAX]).sum())


def _working(sent: Sent, met: Met, session: date) -> Working:
    intent = sent.intent
    ticket = Ticket(
        sent.id, intent.instrument, intent.side, intent.quantity, intent.kind, intent.time_in_force, None, None,
        intent.reduce_only,
    )  # fmt: skip
    stamp, state = intent.stamp_utc, BrokerState.EXPIRED if met.short else BrokerState.FILLED
    reason = Reject.NO_CASH.value if met.short else ""
    return Working(f"P{sent.id}", ticket, sent.column, stamp, stamp, state, met.quantity, reason, session)
