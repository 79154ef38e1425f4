"""The paper broker's orders: what waits, what is in the market, what stands for a position, and what is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from midas.core.order import OrderKind, Side, TimeInForce
from midas.execution.broker import BrokerOrder, BrokerState, DefiniteNo, Ticket
from midas.execution.paper_state import Working, orders_from, orders_to

KINDS = frozenset({OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP, OrderKind.PROTECTION})
REMEMBERED = 3
"""Sessions for which orders that are over are still told."""
NEVER = datetime.min.replace(tzinfo=UTC)


class PaperOrders:
    """Orders by number.

    queue : numbers that wait for a bar, in the order they came. at : the order that meets the next bar, by column.
    resting : numbers that wait in the market for their price, or beside another order of their name.
    guarding : the PROTECTION order of a position, by column. latest_utc : when one was last taken.
    """

    def __init__(self) -> None:
        self.queue: list[str] = []
        self.at: dict[int, str] = {}
        self.resting: list[str] = []
        self.guarding: dict[int, str] = {}
        self._by_number: dict[str, Working] = {}
        self._late: list[tuple[date, Callable[[], Iterable[Working]]]] = []
        self.latest_utc = NEVER
        self._number_of: dict[str, str] = {}
        self._over: list[tuple[date | None, str]] = []
        self._sessions: list[date] = []
        self._count = 0

    def __getitem__(self, number: str) -> Working:
        return self._orders[number]

    def take(self, ticket: Ticket, column: int, now_utc: datetime, arrives_utc: datetime) -> str:
        """Take an order and return its number.

        Raises
        ------
        DefiniteNo: its id was used before, or it is of a kind or quantity that cannot be taken.
        """
        self._catch_up()
        if ticket.id in self._number_of:
            raise DefiniteNo("duplicate_id", f"There is an order {ticket.id} already.")
        if ticket.kind not in KINDS:
            raise DefiniteNo("kind_not_supported", f"A {ticket.kind} order is not taken here.")
        if not ticket.quantity.is_finite() or ticket.quantity <= 0:
            raise DefiniteNo("bad_quantity", f"{ticket.quantity} cannot be ordered.")
        _require_prices(ticket)
        if ticket.kind is OrderKind.PROTECTION and column in self.guarding:
            raise DefiniteNo("protected_already", f"{ticket.instrument} is protected by another order.")
        # the same order has the same number, whenever it is taken again
        number = f"P{ticket.id}"
        self._by_number[number] = Working(number, ticket, column, now_utc, arrives_utc)
        self.latest_utc = max(self.latest_utc, now_utc)
        self._number_of[ticket.id] = number
        if ticket.kind is OrderKind.PROTECTION:
            self.guarding[column] = number
        else:
            self.queue.append(number)
        return number

    def knows(self, client_id: str) -> bool:
        """Tell whether an id was used before."""
        self._catch_up()
        return client_id in self._number_of

    def met(self, session: date, orders: Callable[[], Iterable[Working]]) -> None:
        """Keep orders that came, met the market of a session, and are over; they are made once somebody asks.

        Where nobody does in time, their ids are forgotten with them.
        """
        self._late.append((session, orders))

    @property
    def _orders(self) -> dict[str, Working]:
        self._catch_up()
        return self._by_number

    def _catch_up(self) -> None:
        late, self._late = self._late, []
        for _, orders in late:
            for order in orders():
                self._by_number[order.number] = order
                self._number_of[order.ticket.id] = order.number
                self._over.append((order.session, order.number))

    def adopt(self, order: Working) -> BrokerOrder:
        """Keep an order nobody sent: the broker's own."""
        self._orders[order.number] = order
        self._over.append((None, order.number))
        return self.told(order.number)

    def at_work(self, number: str) -> Working:
        """Return an order that did not end.

        Raises
        ------
        DefiniteNo: there is none.
        """
        order = self._orders.get(number)
        if order is None or order.state is not BrokerState.OPEN:
            raise DefiniteNo("order_ended" if order else "unknown_order")
        return order

    def end(self, number: str, state: BrokerState, reason: str = "") -> BrokerOrder:
        """End an order and tell it."""
        order = self._orders[number]
        order.state, order.reason = state, reason
        self._over.append((self._sessions[-1] if self._sessions else None, number))
        return self.told(number)

    def told(self, number: str) -> BrokerOrder:
        """Return an order as a broker tells it."""
        order = self._orders[number]
        ticket = order.ticket
        return BrokerOrder(
            order.number, ticket.id, ticket.instrument, ticket.side, ticket.quantity, ticket.kind, ticket.limit_price,
            order.state, order.filled, order.placed_utc, order.reason, order.origin,
        )  # fmt: skip

    def find(self, client_id: str) -> BrokerOrder | None:
        """Return the order with a client's id; None for one that is not known, or not any more."""
        orders = self._orders
        number = self._number_of.get(client_id)
        return self.told(number) if number in orders else None

    def all(self) -> list[BrokerOrder]:
        """Return what is known, oldest first."""
        return [self.told(number) for number in self._orders]

    def begin(self, session: date) -> None:
        """Let a session begin: what was over some sessions ago is forgotten, its id is not."""
        if self._sessions and self._sessions[-1] == session:
            return
        self._sessions = [*self._sessions[1 - REMEMBERED :], session]
        kept: list[tuple[date | None, str]] = []
        for ended, number in self._over:
            if ended is None or ended >= self._sessions[0]:
                kept.append((ended or session, number))
            else:
                del self._by_number[number]
        self._over = kept
        self._late = [late for late in self._late if late[0] >= self._sessions[0]]
        if len(self._number_of) > 2 * len(self._by_number) + 1024:
            self._number_of = {order.ticket.id: number for number, order in self._by_number.items()}

    def cancelled_by(self, at_utc: datetime) -> list[str]:
        """Return orders at work whose cancel has arrived."""
        working = (one for one in self._orders.values() if one.state is BrokerState.OPEN and one.cancelled_utc)
        return [one.number for one in working if one.cancelled_utc is not None and one.cancelled_utc <= at_utc]

    def overdue(self, session: date, *, closed: bool = False) -> list[str]:
        """Return orders for the day that met the market on another one, or on this one where that is over."""
        if not (self.at or self.resting):
            return []
        there = (self._orders[number] for number in [*self.at.values(), *self.resting])
        day = TimeInForce.DAY
        return [one.number for one in there if one.ticket.time_in_force is day and (closed or one.session != session)]

    def snapshot(self) -> dict[str, Any]:
        return {
            "orders": orders_to(self._orders.values()), "queue": self.queue, "at": list(self.at.items()),
            "resting": self.resting,
            "guarding": list(self.guarding.items()), "count": self._count,
            "over": [[ended and ended.isoformat(), number] for ended, number in self._over],
            "sessions": [session.isoformat() for session in self._sessions],
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        self._by_number, self._late = {order.number: order for order in orders_from(tree["orders"])}, []
        self._number_of = {order.ticket.id: number for number, order in self._by_number.items() if order.ticket.id}
        self.latest_utc = max((order.placed_utc for order in self._by_number.values()), default=NEVER)
        self.queue, self._count = list(tree["queue"]), tree["count"]
        self.at, self.resting = dict(tree["at"]), list(tree["resting"])
        self.guarding = dict(tree["guarding"])
        self._over = [(date.fromisoformat(ended) if ended else None, number) for ended, number in tree["over"]]
        self._sessions = [date.fromisoformat(session) for session in tree["sessions"]]


def protects(order: Working, held: float) -> bool:
    """Tell whether a PROTECTION order stands for what is held."""
    return held < 0.0 if order.ticket.side is Side.BUY else held > 0.0


def signed(order: Working) -> float:
    """Return an order's quantity, below 0 for a sale."""
    quantity = float(order.ticket.quantity)
    return quantity if order.ticket.side is Side.BUY else -quantity


def _require_prices(ticket: Ticket) -> None:
    wanted = {OrderKind.LIMIT: (True, False), OrderKind.STOP: (False, True)}.get(ticket.kind, (False, False))
    prices = (ticket.limit_price, ticket.stop_price)
    given = tuple(price is not None for price in prices)
    if given != wanted or any(price is not None and not (price.is_finite() and price > 0) for price in prices):
        raise DefiniteNo("bad_price", f"A {ticket.kind} order cannot have limit {prices[0]} and stop {prices[1]}.")
