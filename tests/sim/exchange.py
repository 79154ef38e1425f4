"""What really happened: orders, executions, cash and holdings at the broker, whatever it tells of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import Side
from midas.execution.broker import BrokerFill, BrokerOrder, BrokerState, Bust, ClientIds, Holdings, Report, Ticket

COMMISSION, TAX = 3, 1
NOTHING = Decimal(0)
NEVER_S = math.inf


@dataclass(slots=True)
class Placed:
    """An order at the broker; `told` is what it says of it, `ticket` the truth.

    visible_s : from when on it is in lists. executions_s : from when on its executions are told of. held_s : from when
    on what it moved is in what the account holds. spent : what it moved of cash.
    """

    ticket: Ticket
    told: BrokerOrder
    visible_s: float
    executions_s: float = 0.0
    held_s: float = 0.0
    spent: int = 0
    value: int = 0
    fills: int = 0
    untold: Decimal = NOTHING


class Exchange:
    """The truth; `emit` hears of every change, with how late it is told of."""

    def __init__(self, ids: ClientIds, cumulative: bool, emit: Callable[[Report, float], None]) -> None:
        self.cash = 10**9
        self.held: dict[InstrumentId, Decimal] = {}
        self.placed: dict[str, Placed] = {}
        self.history: list[tuple[float, BrokerFill | Bust]] = []
        self._ids = ids
        self._cumulative = cumulative
        self._emit = emit

    def with_id(self, ticket_id: str) -> list[Placed]:
        return [each for each in self.placed.values() if each.ticket.id == ticket_id]

    def open(self) -> list[Placed]:
        return [each for each in self.placed.values() if each.told.state is BrokerState.OPEN]

    def accept(self, ticket: Ticket, now_utc: datetime, visible_s: float, hidden: bool = False) -> Placed:
        number = f"N{len(self.placed) + 1}"
        told = BrokerOrder(
            number=number,
            client_id="" if self._ids is ClientIds.NONE else ticket.id,
            instrument=ticket.instrument,
            side=ticket.side,
            quantity=ticket.quantity,
            kind=ticket.kind,
            limit_price=ticket.limit_price,
            state=BrokerState.OPEN,
            filled=Decimal(0),
            placed_utc=now_utc,
        )
        placed = Placed(ticket, told, NEVER_S, NEVER_S) if hidden else Placed(ticket, told, visible_s)
        self.placed[number] = placed
        self._emit(told, 0.0)
        return placed

    def fill(self, placed: Placed, quantity: Decimal, price: int, now_utc: datetime, now_s: float, late: float) -> str:
        """Execute a part; return the number of the execution."""
        quantity = min(quantity, placed.told.quantity - placed.told.filled)
        if quantity <= 0:
            return ""
        value = int(quantity * price)
        placed.fills += 1
        placed.value += value
        self._move(placed, quantity, value, COMMISSION + TAX)
        filled = placed.told.filled + quantity
        over = filled == placed.told.quantity and placed.told.state is BrokerState.OPEN
        placed.told = replace(placed.told, filled=filled, state=BrokerState.FILLED if over else placed.told.state)
        one = BrokerFill(
            execution=f"E{len(self.history) + 1}",
            number=placed.told.number,
            instrument=placed.told.instrument,
            side=placed.told.side,
            quantity=quantity,
            price=Decimal(price),
            value=value,
            commission=COMMISSION,
            tax=TAX,
            stamp_utc=now_utc,
        )
        self._tell(placed, one, now_s, late)
        return one.execution

    def _tell(self, placed: Placed, one: BrokerFill, now_s: float, late: float) -> None:
        told = one
        if self._cumulative:
            told = replace(
                one,
                execution="",
                quantity=placed.told.filled,
                price=Decimal(placed.value) / placed.told.filled,
                value=placed.value,
                commission=COMMISSION * placed.fills,
                tax=TAX * placed.fills,
            )
        self.history.append((now_s, told))
        self._emit(told, late)
        self._emit(placed.told, late)

    def holdings(self, now_s: float) -> Holdings:
        """Return what the account holds, as far as it is told of."""
        cash, held = self.cash, dict(self.held)
        for placed in self.placed.values():
            if placed.held_s > now_s and placed.told.filled:
                cash += placed.spent
                name, sign = placed.told.instrument, 1 if placed.told.side is Side.BUY else -1
                held[name] = held.get(name, NOTHING) - sign * placed.told.filled
        return Holdings(cash, {name: quantity for name, quantity in held.items() if quantity})

    def bust(self, execution: str, now_s: float) -> None:
        """Take an execution back; what the order has filled is less then, and it works no more for that."""
        fill = next(one for _, one in self.history if isinstance(one, BrokerFill) and one.execution == execution)
        placed = self.placed[fill.number]
        self._move(placed, -fill.quantity, -fill.value, -fill.commission - fill.tax)
        state = BrokerState.CANCELED if placed.told.state is BrokerState.FILLED else placed.told.state
        placed.told = replace(placed.told, filled=placed.told.filled - fill.quantity, state=state)
        self.history.append((now_s, Bust(execution, fill.number)))
        self._emit(Bust(execution, fill.number), 0.0)

    def end(self, placed: Placed, state: BrokerState, reason: str = "", untold: Decimal = NOTHING) -> bool:
        """End an order that is still open; tell whether it was.

        untold : so much of what was executed is left out where it tells of the end by itself.
        """
        if placed.told.state is not BrokerState.OPEN:
            return False
        placed.told = replace(placed.told, state=state, reason=reason)
        placed.untold = untold
        self._emit(replace(placed.told, filled=placed.told.filled - untold), 0.0)
        return True

    def _move(self, placed: Placed, quantity: Decimal, value: int, costs: int) -> None:
        sign = 1 if placed.told.side is Side.BUY else -1
        self.cash -= sign * value + costs
        placed.spent += sign * value + costs
        name = placed.told.instrument
        self.held[name] = self.held.get(name, Decimal(0)) + sign * quantity
        if not self.held[name]:
            del self.held[name]
