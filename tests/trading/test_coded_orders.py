"""What a strategy that is code orders, at the market or at a price, is matched as a plain matcher does it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from tests.execution.markets import AMERICA, plain_bars, random_market
from tests.execution.plain_matcher import PlainMatcher, PlainOrder
from tests.execution.plain_rules import exact
from tests.many import many
from tests.scale import scaled
from tests.trading.coding import ran

from midas.backtest.result import Result
from midas.marketdata.actions import Actions
from midas.portfolio.journal import REASONS
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.strategies.param import param

LIVES = scaled(500)
ROWS = 40


class Done(NamedTuple):
    row: int
    column: int
    side: int
    quantity: int
    kind: str
    price: Fraction | None


class Restless(EventStrategy):
    """Orders of every kind, at random; writes down what it did."""

    seed: int = param(0, 0, 10**9)

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        draw, done = np.random.default_rng((self.seed, bar.row)), DONE[self.seed]
        for column in np.flatnonzero(np.isfinite(bar.close)).tolist():
            if draw.random() < 0.1:
                ctx.cancel(column)
                done.append(Done(bar.row, column, 0, 0, "cancel", None))
            if draw.random() < 0.6:
                continue
            kind = str(draw.choice(["market", "limit", "stop"], p=[0.3, 0.4, 0.3]))
            near = exact(float(bar.close[column])) * exact(round(float(np.exp(draw.normal(0, 0.06))), 3))
            price = None if kind == "market" else max(RULES.on_tick(near, False), RULES.tick(near) or Fraction(1))
            quantity, side = int(np.exp(draw.uniform(0, 8))), 1 if draw.random() < 0.6 else -1
            if side < 0:
                quantity = min(quantity, int(ctx.position(column)))
            if quantity:
                names = {} if price is None else {kind: float(price)}
                (ctx.buy if side > 0 else ctx.sell)(quantity, column, **names)
                done.append(Done(bar.row, column, side, quantity, kind, price))


DONE: dict[int, list[Done]] = {}
RULES = replace(AMERICA, buy_rate=Fraction("0.001"), sell_rate=Fraction("0.001"), per_share=Fraction(0))


def a_life(seed: int) -> int:
    draw = np.random.default_rng(seed + 2_000_000)
    panel = replace(random_market(seed, int(draw.integers(1, 4)), ROWS, RULES).panel, actions=Actions.none())
    slippage, cap = float(draw.choice([0.0, 20.0])), float(draw.choice([0.1, 1.0]))
    capital = int(draw.choice([1_000, 100_000, 100_000_000]))
    DONE[seed] = []
    options = {"commission_bps": 10.0, "slippage_bps": slippage, "volume_cap": cap, "initial_capital": capital}
    result = ran(Restless(seed=seed), panel, **options)
    rules = replace(RULES, slippage=exact(slippage) / 10_000, volume_cap=exact(cap))
    plain = PlainMatcher(plain_bars(panel), rules, capital * 100)
    orders: dict[str, PlainOrder] = {}
    first, stop, account = result.simulation.first, result.simulation.stop, result.simulation
    for row in range(first, stop):
        plain.meet(row, True)
        assert account.cash[row - first] == plain.cash
        assert account.equity[row - first] == plain.worth(row)
        follow([one for one in DONE[seed] if one.row == row], plain, orders)
    assert fills_of(result) == [
        (row, orders[order].name, orders[order].side, *amounts) for order, row, *amounts in plain.fills
    ]
    assert dropped(result) == Counter(
        (orders[order].name, orders[order].side, orders[order].quantity - orders[order].filled, why)
        for order, (state, why) in plain.ended.items()
        if state != "filled" and not (state == "canceled" and not why)
    )
    return len(plain.fills)


def follow(done: list[Done], plain: PlainMatcher, orders: dict[str, PlainOrder]) -> None:
    """Cancels first, then sales, purchases and what waits, each in the order it was asked for."""
    for cancelled in [one for one in done if one.kind == "cancel"]:
        waiting = [one for one in plain.orders if one.name == cancelled.column and one.kind != "market"]
        for order in waiting:
            plain.end(order, "canceled", "")
    rank = {("market", -1): 0, ("market", 1): 1}
    for one in sorted((one for one in done if one.side), key=lambda one: rank.get((one.kind, one.side), 2)):
        order = PlainOrder(
            f"o{len(orders)}", one.column, one.side, Fraction(one.quantity), one.kind,
            "next" if one.kind == "market" else "gtc", one.price,
        )  # fmt: skip
        orders[order.id] = order
        plain.orders.append(order)


def fills_of(result: Result) -> list[tuple[Any, ...]]:
    fills = result.simulation.journal.fills
    return [
        (row, column, side, exact(quantity), exact(price), value, commission, tax)
        for row, column, side, quantity, price, value, commission, tax in zip(
            *(
                part.tolist()
                for part in (
                    fills.row, fills.column, fills.side, fills.quantity, fills.price, fills.value, fills.commission,
                    fills.tax,
                )
            ),
            strict=True,
        )
    ]  # fmt: skip


def dropped(result: Result) -> Counter[tuple[Any, ...]]:
    lost = result.simulation.journal.refusals
    parts = (lost.column, lost.side, lost.quantity, lost.reason)
    return Counter(
        (column, side, exact(quantity), REASONS[reason - 1].value)
        for column, side, quantity, reason in zip(*(part.tolist() for part in parts), strict=True)
    )


def test_random_orders_are_matched_as_the_plain_matcher_does() -> None:
    assert sum(many(a_life, range(LIVES))) > 10 * LIVES
