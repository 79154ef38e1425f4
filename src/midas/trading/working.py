"""What open orders may still do: buy, sell, and cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import ENDED, OrderIntent, OrderKind, Side
from midas.execution.order_row import OrderRow
from midas.risk.costs import share_price

_NONE = Decimal(0)

Costs = Callable[[OrderIntent, Decimal, Decimal], Decimal]
"""Fees and taxes of trading a quantity, and what it is worth, of an order; the same each time it is asked."""


class Working:
    """What open orders may still do.

    buying, selling : quantities by instrument id. asking : what the sales are worth, by instrument id. adding : what
    purchases are worth. reserved : the money they may still take, `costs` with it.
    """

    def __init__(self, costs: Costs | None = None) -> None:
        self.costs: Costs = costs or _free
        self.reserved = _NONE
        self.adding = _NONE
        self.buying: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.selling: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.asking: defaultdict[str, Decimal] = defaultdict(Decimal)

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
        if row.intent.side is Side.SELL:
            self.asking[name] += sign * left * _price(row)
        self.adding += sign * worth(row)
        self.reserved += sign * self._takes(row)

    def without(self, row: OrderRow) -> Working:
        """Return the same as if `row`, which was counted, were not among them."""
        others = Working(self.costs)
        others.reserved, others.adding = self.reserved, self.adding
        others.buying, others.selling, others.asking = self.buying.copy(), self.selling.copy(), self.asking.copy()
        others.count(row, -1)
        return others

    def opening(self, held: Mapping[InstrumentId, Decimal]) -> Decimal:
        """Return what open orders may still add to what is held, both ways: purchases, and sales of what is not held.

        Of several sales of a name all are worth their average.
        """
        shares = {str(name): quantity for name, quantity in held.items()}
        short = _NONE
        for name, quantity in self.selling.items():
            uncovered = quantity - max(_NONE, shares.get(name, _NONE))
            if uncovered > 0:
                short += self.asking[name] * uncovered / quantity
        return self.adding + short

    def _takes(self, row: OrderRow) -> Decimal:
        value = worth(row)
        return value + self.costs(row.intent, rest(row), value) if value else _NONE


def rest(row: OrderRow) -> Decimal:
    """Return the quantity an order may still trade; one that only guards what is held counts for nothing."""
    if row.state in ENDED or row.intent.kind is OrderKind.PROTECTION:
        return _NONE
    return max(_NONE, row.intent.quantity - row.filled)


def worth(row: OrderRow) -> Decimal:
    """Return what an order may still buy is worth: at its limit or stop, else at the price it was decided at."""
    if row.intent.side is Side.SELL:
        return _NONE
    return rest(row) * _price(row)


def _price(row: OrderRow) -> Decimal:
    return share_price(row.intent, row.intent.reference_price or _NONE)


def _free(_order: OrderIntent, _quantity: Decimal, _value: Decimal) -> Decimal:
    return _NONE
