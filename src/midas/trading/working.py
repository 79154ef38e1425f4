"""What open orders may still do: buy, sell, and cost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from midas.core.order import ENDED, OrderKind, Side
from midas.execution.order_row import OrderRow

_NONE = Decimal(0)


class Working:
    """Quantities that open orders may still buy and sell, by instrument id, and the money purchases may still take."""

    def __init__(self) -> None:
        self.reserved = _NONE
        self.buying: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.selling: defaultdict[str, Decimal] = defaultdict(Decimal)

    def count(self, row: OrderRow, sign: int = 1) -> None:
        """Count an order in, or out with `sign` -1."""
        left = rest(row)
        if not left:
            return
        side = self.buying if row.intent.side is Side.BUY else self.selling
        name = str(row.intent.instrument)
        side[name] += sign * left
        if not side[name]:
            del side[name]
        self.reserved += sign * cost(row)

    def without(self, row: OrderRow) -> tuple[Decimal, dict[str, Decimal], dict[str, Decimal]]:
        """Return reserved money, buying and selling as if `row` were not among those counted."""
        left, name = rest(row), str(row.intent.instrument)
        buying, selling = dict(self.buying), dict(self.selling)
        side = buying if row.intent.side is Side.BUY else selling
        if left and name in side:
            side[name] -= left
        return self.reserved - cost(row), buying, selling


def rest(row: OrderRow) -> Decimal:
    """Return the quantity an order may still trade; one that only guards what is held counts for nothing."""
    if row.state in ENDED or row.intent.kind is OrderKind.PROTECTION:
        return _NONE
    return max(_NONE, row.intent.quantity - row.filled)


def cost(row: OrderRow) -> Decimal:
    """Return the money an order may still take, without costs.

    At its limit, at the price it begins at, or at the one it was decided at.
    """
    intent = row.intent
    if intent.side is Side.SELL:
        return _NONE
    price = intent.limit_price if intent.kind is OrderKind.LIMIT else intent.reference_price
    if intent.stop_price is not None:
        price = max(intent.stop_price, price or _NONE)
    return rest(row) * (price or _NONE)
