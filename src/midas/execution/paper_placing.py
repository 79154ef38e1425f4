"""What orders leave the paper account's market before a row, and which come in."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from midas.core.order import Side
from midas.execution.broker import BrokerState, Report
from midas.execution.paper_orders import PaperOrders, signed
from midas.execution.paper_outcome import ended_early
from midas.execution.paper_resting import waits
from midas.execution.paper_state import Working
from midas.execution.stepping import SteppedAccount


class Placing:
    """Lets orders go and come in. late : orders and cancels take time. guarded : exits close what is protected."""

    def __init__(self, orders: PaperOrders, *, late: bool, at_close: bool, shorts: bool, guarded: bool) -> None:
        self._orders, self._late, self._at_close, self._shorts = orders, late, at_close, shorts
        self._guarded = guarded

    def let_go(
        self, account: SteppedAccount | None, session: date, opened_utc: datetime, changed: frozenset[int]
    ) -> list[Report]:
        """End what was cancelled, what was good for another day, and what is in shares that are others now."""
        orders, over = self._orders, list[Report]()
        for number in orders.cancelled_by(opened_utc) if self._late else ():
            over.append(ended_early(orders, account, number, BrokerState.CANCELED))
        for number in orders.overdue(session):
            over.append(ended_early(orders, account, number, BrokerState.EXPIRED))
        if not changed:
            return over
        # what follows a target is scaled by the kernel
        old = [number for number in orders.resting if orders[number].column in changed]
        old += [one for one in orders.queue if orders[one].column in changed and waits(orders[one].ticket.kind)]
        return over + [ended_early(orders, account, number, BrokerState.CANCELED, "adjusted") for number in old]

    def place(self, account: SteppedAccount, session: date, opened_utc: datetime) -> None:
        """Let what arrived before a row opened meet it."""
        orders, waiting = self._orders, []
        for column, wanted in (account.on_order if orders.at and not self._shorts else {}).items():
            if column in orders.at and -wanted > account.quantities[column]:
                account.withdraw(column)
                orders.resting.append(orders.at.pop(column))
        for number in orders.queue:
            order = orders[number]
            alone = order.column not in orders.at and not waits(order.ticket.kind)
            if order.arrives_utc > opened_utc or (self._at_close and not alone and not waits(order.ticket.kind)):
                waiting.append(number)
                continue
            order.session = session
            if alone and self._has(order, account):
                account.place(order.column, signed(order))
                orders.at[order.column] = number
            else:
                orders.resting.append(number)
        orders.queue = waiting
        if self._guarded:
            self._stay(account, opened_utc)

    def _has(self, order: Working, account: SteppedAccount) -> bool:
        # what was closed meanwhile is not sold: such an order waits with those that look at what is held
        return self._shorts or order.ticket.side is Side.BUY or -signed(order) <= account.quantities[order.column]

    def _stay(self, account: SteppedAccount, opened_utc: datetime) -> None:
        # what no PROTECTION order stands for is not closed by an exit
        orders = self._orders
        for column in np.flatnonzero(account.quantities).tolist():
            guard = orders.guarding.get(column)
            if guard is None or (self._late and orders[guard].arrives_utc > opened_utc):
                account.stay(column)
