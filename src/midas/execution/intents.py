"""What a run wishes, as the orders it intends."""

from __future__ import annotations

from midas.core.order import OrderIntent, OrderKind, TimeInForce
from midas.execution.asking import Asking
from midas.execution.mandate import Mandate
from midas.execution.protection import LEG
from midas.execution.quantity import decimal_quantity
from midas.execution.rebalance import Wish
from midas.marketdata.feed import BarRow

PROTECT = "protect"
"""Leg of an order that stands for a position."""


def intent_of(mandate: Mandate, asking: Asking, row: BarRow, wish: Wish, leg: str, place: int) -> OrderIntent:
    """Return the order of a wish at the close of a row, for which `asking` has begun; `place` is that in its leg."""
    protects = leg == PROTECT
    carried = protects or (mandate.terms.dealing.carry and not mandate.by_change)
    return OrderIntent(
        account=mandate.account,
        run=mandate.run,
        instrument=mandate.ground.instruments[wish.column].id,
        side=wish.side,
        quantity=decimal_quantity(wish.quantity),
        kind=OrderKind.PROTECTION if protects else OrderKind.MARKET,
        time_in_force=TimeInForce.GTC if carried else TimeInForce.NEXT,
        stamp_utc=row.stamp_utc,
        valid_until_utc=asking.valid_until_utc(row),
        leg=leg,
        sequence=place,
        reference_price=asking.price(wish.column),
        reduce_only=protects or leg == LEG,
        strategy=mandate.strategy,
    )
