"""Orders, fills and their brokers' words, made short for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.broker import BrokerFill
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow

NOON = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SAMSUNG = InstrumentId("005930", "XKRX")


def intent(quantity: Decimal | int = 10, side: Side = Side.BUY, **others: Any) -> OrderIntent:
    given: dict[str, Any] = {
        "account": "paper",
        "run": "r1",
        "instrument": SAMSUNG,
        "side": side,
        "quantity": Decimal(quantity),
        "kind": OrderKind.MARKET,
        "time_in_force": TimeInForce.DAY,
        "stamp_utc": NOON,
        "valid_until_utc": NOON + timedelta(hours=1),
        "strategy": "s",
    }
    return OrderIntent(**(given | others))


def row(state: OrderState = OrderState.NEW, wanted: OrderIntent | None = None, **others: Any) -> OrderRow:
    wanted = wanted or intent()
    return OrderRow(id=order_id(wanted), intent=wanted, state=state, **others)


def told(execution: str, quantity: Decimal | int, price: int = 100, side: Side = Side.BUY, **others: Any) -> BrokerFill:
    given: dict[str, Any] = {
        "execution": execution,
        "number": "n1",
        "instrument": SAMSUNG,
        "side": side,
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "value": int(quantity * price),
        "commission": 3,
        "tax": 1,
        "stamp_utc": NOON,
    }
    return BrokerFill(**(given | others))
