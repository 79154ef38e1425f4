"""What open orders may still add, beside a sum that is made anew each time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.order_row import OrderRow
from midas.trading.working import Working

NAMES = [InstrumentId(symbol, "XNAS") for symbol in "AB"]
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


def row(number: int, name: InstrumentId, side: Side, quantity: int, price: int, filled: int = 0) -> OrderRow:
    wish = OrderIntent(
        account="a", run="", instrument=name, side=side, quantity=Decimal(quantity), kind=OrderKind.LIMIT,
        time_in_force=TimeInForce.DAY, stamp_utc=NOON, valid_until_utc=NOON + timedelta(1), sequence=number,
        limit_price=Decimal(price), reference_price=Decimal(price),
    )  # fmt: skip
    return OrderRow(f"q{number}", wish, OrderState.PARTIAL if filled else OrderState.OPEN, filled=Decimal(filled))


def plainly(rows: list[OrderRow], held: dict[InstrumentId, Decimal]) -> Decimal:
    """Return what they add, sales of one name at one price."""
    total = Decimal(0)
    for name in NAMES:
        selling, price = Decimal(0), Decimal(0)
        for each in (one for one in rows if one.intent.instrument == name):
            left = each.intent.quantity - each.filled
            assert each.intent.limit_price is not None
            if each.intent.side is Side.BUY:
                total += left * each.intent.limit_price
            else:
                selling, price = selling + left, each.intent.limit_price
        total += max(Decimal(0), selling - max(Decimal(0), held[name])) * price
    return total


class TestOpening:
    def test_counts_sales_of_what_is_not_held(self) -> None:
        rng, short = random.Random(3), 0
        for _ in range(300):
            prices = {name: rng.randint(5, 50) for name in NAMES}
            held = {name: Decimal(rng.choice((-4, 0, 3, 12))) for name in NAMES}
            rows = []
            for number in range(rng.randint(1, 6)):
                name, quantity = rng.choice(NAMES), rng.randint(1, 9)
                rows.append(row(number, name, rng.choice(list(Side)), quantity, prices[name], rng.randrange(quantity)))
            working = Working()
            for each in rows:
                working.count(each)
            assert working.opening(held) == plainly(rows, held)
            assert working.without(rows[0]).opening(held) == plainly(rows[1:], held)
            short += working.opening(held) != working.adding
            for each in rows:
                working.count(each, -1)
            assert working.opening(held) == 0
        assert short > 50

    def test_one_that_ended_counts_for_nothing(self) -> None:
        working = Working()
        working.count(replace(row(1, NAMES[0], Side.SELL, 5, 10), state=OrderState.CANCELED))
        assert working.opening({}) == 0
