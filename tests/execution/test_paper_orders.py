"""The paper broker's orders of every kind: as a slow plain matcher has them, and possible whatever else holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.execution.markets import AMERICA, KOREA, panel_of, plain_bars, random_market
from tests.execution.plain_matcher import PlainMatcher, PlainOrder
from tests.execution.plain_rules import PlainRules, exact
from tests.many import many
from tests.scale import scaled

from midas.core.money import Money
from midas.core.order import OrderKind, Side, TimeInForce
from midas.execution.broker import BrokerFill, BrokerOrder, BrokerState, CashMove, DefiniteNo, Ticket
from midas.execution.dealing import Dealing
from midas.execution.paper import PaperAccount
from midas.execution.paper_orders import REMEMBERED, PaperOrders
from midas.execution.state_bytes import from_bytes, to_bytes
from midas.execution.terms import AccountTerms
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.feed import BarRow, CorporateAction
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.strategies.exits import StopLoss, TakeProfit

LIVES = scaled(1_000)
ROWS = 40
PLAIN = {
    "USD": replace(AMERICA, buy_rate=Fraction("0.001"), sell_rate=Fraction("0.001"), per_share=Fraction(0)),
    "KRW": replace(KOREA, buy_rate=Fraction("0.001"), sell_rate=Fraction("0.001"), tax=lambda _: Fraction("0.0018")),
}


def market(seed: int) -> tuple[Panel, PlainRules]:
    """A random market without corporate actions, and its rules."""
    draw = np.random.default_rng(seed)
    rules = PLAIN["USD" if draw.random() < 0.5 else "KRW"]
    panel = replace(random_market(seed, int(draw.integers(1, 4)), ROWS, rules).panel, actions=Actions.none())
    slippage, cap = draw.choice([0.0, 20.0]), draw.choice([0.1, 1.0])
    return panel, replace(rules, slippage=exact(slippage) / 10_000, volume_cap=exact(cap))


def terms_of(panel: Panel, rules: PlainRules, capital: int) -> AccountTerms:
    money = Money(capital, panel.currency)
    return AccountTerms(money, 10.0, float(rules.slippage * 10_000), volume_cap=float(rules.volume_cap))


class Both:
    """A paper account and the plain matcher, told the same."""

    def __init__(self, panel: Panel, rules: PlainRules, capital: int) -> None:
        self.panel, self.ground = panel, Ground.of(panel)
        self.terms = terms_of(panel, rules, capital)
        self.paper = PaperAccount(self.ground, self.terms)
        self.plain = PlainMatcher(plain_bars(panel), rules, capital)
        self.fills: list[tuple[str, int, Fraction, Fraction, int, int, int]] = []
        self.ended: dict[str, tuple[str, str]] = {}
        self.count = 0
        self.panel_end = datetime(2100, 1, 1, tzinfo=UTC)

    def order(self, name: int, side: int, quantity: int, kind: str, tif: str, price: Fraction | None, at: datetime,
              *, reduces: bool = False) -> str:  # fmt: skip
        self.count += 1
        identity, told = f"o{self.count}", None if price is None else Decimal(str(float(price)))
        self.plain.orders.append(PlainOrder(identity, name, side, Fraction(quantity), kind, tif, price, reduces))
        ticket = Ticket(
            identity, self.ground.instruments[name].id, Side.BUY if side > 0 else Side.SELL, Decimal(quantity),
            OrderKind(kind), TimeInForce(tif), told if kind == "limit" else None, told if kind == "stop" else None,
            reduces,
        )  # fmt: skip
        self.paper.submit(ticket, at)
        return identity

    def cancel(self, identity: str) -> None:
        self.plain.end(next(order for order in self.plain.orders if order.id == identity), "canceled", "")
        self.take(self.paper.cancel(f"P{identity}", self.panel_end), -1)

    def advance(self, row: BarRow, opened: datetime) -> None:
        self.plain.meet(row.row, row.closes)
        for report in self.paper.advance(row, opened):
            self.take(report, row.row)

    def take(self, report: Any, row: int) -> None:
        if isinstance(report, BrokerFill):
            amounts = (report.value, report.commission, report.tax)
            quantity, price = Fraction(report.quantity), Fraction(str(report.price))
            self.fills.append((report.number.removeprefix("P"), row, quantity, price, *amounts))
        if isinstance(report, BrokerOrder) and report.state is not BrokerState.OPEN:
            self.ended[report.client_id] = report.state.value, report.reason

    def restart(self) -> None:
        kept = to_bytes(self.paper.snapshot())
        self.paper = PaperAccount(self.ground, self.terms)
        self.paper.restore(from_bytes(kept))

    def assert_same(self, row: int) -> None:
        assert self.fills == self.plain.fills
        assert self.ended == self.plain.ended
        assert self.paper.cash == self.plain.cash
        ids = [instrument.id for instrument in self.ground.instruments]
        held = {ids[name]: quantity for name, quantity in self.plain.held.items() if quantity}
        assert {name: Fraction(quantity) for name, quantity in self.paper.holdings.quantities.items()} == held
        assert self.paper.equity == self.plain.worth(row)


def an_order(both: Both, draw: np.random.Generator, row: int, rules: PlainRules, at: datetime) -> None:
    name = int(draw.integers(both.panel.columns))
    closes = [bar.close for bar in both.plain.bars[name][: row + 1] if bar is not None and not np.isnan(bar.close)]
    if not closes:
        return
    kind = str(draw.choice(["market", "limit", "stop"], p=[0.3, 0.4, 0.3]))
    side = 1 if draw.random() < 0.6 else -1
    near = exact(closes[-1]) * exact(round(float(np.exp(draw.normal(0, 0.06))), 3))
    price = None if kind == "market" else max(rules.on_tick(near, False), rules.tick(near) or Fraction(1))
    quantity = int(np.exp(draw.uniform(0, 8)))
    tif = str(draw.choice(["next", "day", "gtc"]))
    both.order(name, side, quantity, kind, tif, price, at, reduces=bool(draw.random() < 0.1))


def a_life(seed: int) -> int:
    draw = np.random.default_rng(seed + 7_000_000)
    panel, rules = market(seed)
    both = Both(panel, rules, int(draw.choice([100_000, 10_000_000, 10_000_000_000])))
    opened: datetime | None = None
    for event in Replay(panel).told():
        if not isinstance(event, BarRow):
            opened = getattr(event, "stamp_utc", opened)
            continue
        assert opened is not None
        both.advance(event, opened)
        both.assert_same(event.row)
        opened = event.stamp_utc
        for _ in range(int(draw.integers(0, 4))):
            an_order(both, draw, event.row, rules, event.stamp_utc)
        if both.plain.orders and draw.random() < 0.15:
            both.cancel(both.plain.orders[int(draw.integers(len(both.plain.orders)))].id)
        if draw.random() < 0.2:
            both.restart()
    return len(both.fills)


def test_random_orders_are_matched_as_the_plain_matcher_does() -> None:
    assert sum(many(a_life, range(LIVES))) > 10 * LIVES


class Busy:
    """An account with exits, splits and orders of every kind at once; what happens is checked as it happens."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed + 9_000_000)
        self.panel = random_market(seed, int(self.draw.integers(1, 5)), ROWS, AMERICA).panel
        self.ground, self.short = Ground.of(self.panel), bool(self.draw.random() < 0.3)
        self.terms = AccountTerms(
            Money(50_000_000, "USD"), None, 10.0, volume_cap=0.1,
            dealing=Dealing(allow_short=self.short, fill_at="close" if self.draw.random() < 0.2 else "open"),
        )  # fmt: skip
        self.exits = (StopLoss(0.04), TakeProfit(0.05)) if self.draw.random() < 0.7 else ()
        # within a night, and longer than one
        self.latency_s = float(self.draw.choice([0.0, 60.0, 80_000.0]))
        self.paper = self.begun()
        self.cash, self.count, self.kinds = 50_000_000, 0, set[str]()

    def begun(self) -> PaperAccount:
        return PaperAccount(self.ground, self.terms, self.exits, latency_s=self.latency_s)

    def live(self) -> set[str]:
        opened: datetime | None = None
        for event in Replay(self.panel).told():
            if isinstance(event, CorporateAction):
                self.paper.act(event)
            if not isinstance(event, BarRow):
                opened = getattr(event, "stamp_utc", opened)
                continue
            assert opened is not None
            held = self.paper.holdings.quantities
            self.check(event, self.paper.advance(event, opened), dict(held), opened)
            opened = event.stamp_utc
            self.protect(opened)
            known = [one.number for one in self.paper.orders.all() if one.state is BrokerState.OPEN]
            if known and self.draw.random() < 0.2:
                self.paper.cancel(str(self.draw.choice(known)), opened)
            for _ in range(int(self.draw.integers(0, 4))):
                self.order(event, opened)
            if self.draw.random() < 0.2:
                kept = to_bytes(self.paper.snapshot())
                self.paper = self.begun()
                self.paper.restore(from_bytes(kept))
        return self.kinds

    def protect(self, at: datetime) -> None:
        guarded = {order.ticket.instrument for order in map(self.paper.orders.__getitem__, self.working())}
        for name, quantity in self.paper.holdings.quantities.items() if self.exits else ():
            if name not in guarded:
                self.send(name, Side.SELL if quantity > 0 else Side.BUY, abs(quantity), OrderKind.PROTECTION, None, at)

    def working(self) -> list[str]:
        return list(self.paper.orders.guarding.values())

    def order(self, row: BarRow, at: datetime) -> None:
        column = int(self.draw.integers(self.panel.columns))
        close = float(row.fields["close"][column])
        if np.isnan(close):
            return
        kind = OrderKind(str(self.draw.choice(["market", "limit", "stop"])))
        price = Decimal(str(round(close * float(np.exp(self.draw.normal(0, 0.05))) + 0.01, 2)))
        side = Side.BUY if self.draw.random() < 0.6 else Side.SELL
        name, quantity = self.ground.instruments[column].id, Decimal(int(np.exp(self.draw.uniform(0, 9))))
        self.send(name, side, quantity, kind, price, at)

    def send(self, name: Any, side: Side, quantity: Decimal, kind: OrderKind, price: Any, at: datetime) -> None:
        self.count += 1
        limit, stop = (price if kind is wanted else None for wanted in (OrderKind.LIMIT, OrderKind.STOP))
        tif = TimeInForce(str(self.draw.choice(list(TimeInForce))))
        given = (TimeInForce.GTC if kind is OrderKind.PROTECTION else tif, limit, stop)
        self.paper.submit(Ticket(f"o{self.count}", name, side, quantity, kind, *given), at)

    def check(self, row: BarRow, reports: Any, held: dict[Any, Decimal], opened: datetime) -> None:
        bar = {name: row.fields[name] for name in ("open", "high", "low", "volume")}
        used: dict[Any, Decimal] = {}
        for report in reports:
            if isinstance(report, CashMove):
                self.cash += report.amount
                if report.quantity is not None and report.instrument is not None:
                    held[report.instrument] = report.quantity
            if not isinstance(report, BrokerFill):
                continue
            column = [one.id for one in self.ground.instruments].index(report.instrument)
            working = self.paper.orders[report.number]
            order = working.ticket
            if order.kind is not OrderKind.PROTECTION and order.id:  # an exit that was called before still leaves
                assert opened >= working.placed_utc + timedelta(seconds=self.latency_s), "a fill before it arrived"
            self.kinds.add(order.kind.value)
            assert bar["low"][column] <= float(report.price) <= bar["high"][column], "a fill outside its bar"
            assert not np.isnan(bar["open"][column]), "a fill in a halt"
            if order.limit_price is not None:
                assert (report.price <= order.limit_price) is (order.side is Side.BUY) or (
                    report.price == order.limit_price
                ), "a fill worse than its limit"
            sign = 1 if report.side is Side.BUY else -1
            used[report.instrument] = used.get(report.instrument, Decimal(0)) + report.quantity
            assert float(used[report.instrument]) <= 0.1 * bar["volume"][column], "more than the share of a bar"
            held[report.instrument] = held.get(report.instrument, Decimal(0)) + sign * report.quantity
            self.cash -= sign * report.value + report.commission + report.tax
            assert self.short or held[report.instrument] >= 0, "shares sold that were not there"
        assert self.paper.cash == self.cash
        assert self.short or self.cash >= 0, "money spent that was not there"
        assert self.paper.holdings.quantities == {name: many for name, many in held.items() if many}


def a_busy_life(seed: int) -> set[str]:
    return Busy(seed).live()


def test_whatever_comes_together_every_fill_is_possible_and_every_cent_is_told() -> None:
    kinds = set().union(*many(a_busy_life, range(LIVES)))
    assert kinds == {"market", "limit", "stop", "protection"}


def taken(panel: Panel, *orders: list[Ticket], **terms: Any) -> list[BrokerFill | BrokerOrder]:
    """What becomes of orders that are placed before the first row, and the next, 100,000 in cash, without costs."""
    given = AccountTerms(Money(10_000_000, panel.currency), 0.0, **{"volume_cap": 1.0, **terms})
    paper = PaperAccount(Ground.of(panel), given)
    found: list[Any] = []
    opened = None
    for event in Replay(panel).told():
        if not isinstance(event, BarRow):
            opened = getattr(event, "stamp_utc", opened)
            if isinstance(event, CorporateAction):
                paper.act(event)
            continue
        assert opened is not None
        for ticket in orders[event.row] if event.row < len(orders) else ():
            paper.submit(ticket, opened)
        found += paper.advance(event, opened)
        opened = event.stamp_utc
    return [one for one in found if isinstance(one, BrokerFill | BrokerOrder)]


def bars(*rows: tuple[float, float, float, float], volume: float = 1e6) -> Panel:
    names = ("open", "high", "low", "close")
    prices = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return panel_of({**prices, "volume": [volume] * len(rows)})


def ticket(identity: str, side: Side, quantity: int, limit: str = "", stop: str = "", **others: Any) -> Ticket:
    kind = OrderKind.LIMIT if limit else OrderKind.STOP if stop else OrderKind.MARKET
    given = {"time_in_force": TimeInForce.GTC, "instrument": bars((1, 1, 1, 1)).instruments[0].id, **others}
    return Ticket(
        identity, given["instrument"], side, Decimal(quantity), kind, given["time_in_force"],
        Decimal(limit) if limit else None, Decimal(stop) if stop else None, given.get("reduce_only", False),
    )  # fmt: skip


def prices(found: list[Any]) -> list[tuple[str, int, float]]:
    return [(one.number, int(one.quantity), float(one.price)) for one in found if isinstance(one, BrokerFill)]


def ends(found: list[Any]) -> dict[str, tuple[str, str]]:
    told = [one for one in found if isinstance(one, BrokerOrder) and one.state is not BrokerState.OPEN]
    return {one.client_id: (one.state.value, one.reason) for one in told}


FLAT = (10.0, 10.0, 10.0, 10.0)
BUY = ticket("b", Side.BUY, 100)


class TestPrices:
    def test_a_limit_gets_the_open_where_that_is_better(self) -> None:
        assert prices(taken(bars((9, 11, 8, 10)), [ticket("a", Side.BUY, 5, "9.5")])) == [("Pa", 5, 9)]

    def test_a_limit_inside_the_bar_gets_its_own_price_and_never_slips(self) -> None:
        found = taken(bars((10, 11, 8, 10)), [ticket("a", Side.BUY, 5, "9.5")], slippage_bps=50)
        assert prices(found) == [("Pa", 5, 9.5)]

    def test_a_touch_is_not_a_fill(self) -> None:
        assert prices(taken(bars((10, 11, 9.5, 10)), [ticket("a", Side.BUY, 5, "9.5")])) == []

    def test_a_stop_that_is_gapped_over_fills_at_the_open(self) -> None:
        found = taken(bars(FLAT, (5, 5.5, 4.5, 5)), [BUY, ticket("a", Side.SELL, 100, stop="9")])
        assert prices(found) == [("Pb", 100, 10), ("Pa", 100, 5)]

    def test_a_stop_inside_the_bar_fills_at_its_price_and_slips(self) -> None:
        found = taken(bars(FLAT, (10, 10, 8, 9)), [BUY, ticket("a", Side.SELL, 100, stop="9")], slippage_bps=100)
        assert prices(found)[1] == ("Pa", 100, 8.91)

    def test_a_stop_that_is_touched_is_reached(self) -> None:
        found = taken(bars(FLAT, (10, 10, 9, 9.5)), [BUY, ticket("a", Side.SELL, 100, stop="9")])
        assert prices(found)[1:] == [("Pa", 100, 9)]

    def test_what_volume_left_of_a_stop_goes_on_at_the_market(self) -> None:
        rows = [FLAT, (9, 9, 8, 8.5), (8.7, 9, 8, 8.5)]
        orders = [BUY, ticket("a", Side.SELL, 100, stop="9.5")]
        found = taken(replace_volume(bars(*rows), [1e6, 60, 1e6]), orders)
        assert prices(found)[1:] == [("Pa", 60, 9), ("Pa", 40, 8.7)]

    def test_closes_alone_reach_a_stop_and_the_next_one_fills_it(self) -> None:
        panel = panel_of({"close": [10.0, 8.0, 7.0]})
        found = taken(panel, [BUY, ticket("a", Side.SELL, 100, stop="9")])
        assert prices(found)[1:] == [("Pa", 100, 7)]


class TestSeveralOfAName:
    def test_they_share_the_volume_of_a_bar(self) -> None:
        two = [ticket("a", Side.BUY, 80), ticket("c", Side.BUY, 80, time_in_force=TimeInForce.NEXT)]
        found = taken(replace_volume(bars(FLAT), [100]), two)
        assert prices(found) == [("Pa", 80, 10), ("Pc", 20, 10)]
        assert ends(found) == {"a": ("filled", ""), "c": ("expired", "volume_cap")}

    def test_no_more_is_sold_than_is_held(self) -> None:
        over = [ticket("a", Side.SELL, 80, "11"), ticket("c", Side.SELL, 80, stop="9")]
        found = taken(bars(FLAT, (10, 12, 8, 9)), [BUY, *over])
        assert prices(found)[1:] == [("Pa", 80, 11), ("Pc", 20, 9)]
        assert ends(found)["c"] == ("canceled", "position_closed")

    def test_a_sale_at_the_close_gets_what_the_bar_left(self) -> None:
        both = [ticket("a", Side.SELL, 80), ticket("c", Side.SELL, 80, "10.5")]
        found = taken(bars(FLAT, (10, 11, 10, 10)), [BUY, *both], dealing=Dealing(fill_at="close"))
        assert prices(found)[1:] == [("Pc", 80, 10.5), ("Pa", 20, 10)]
        assert ends(found)["a"] == ("expired", "short_not_allowed")

    def test_what_is_bought_inside_a_bar_is_not_sold_inside_it(self) -> None:
        both = [ticket("a", Side.BUY, 50, "9.5"), ticket("c", Side.SELL, 120, "10.5")]
        found = taken(bars(FLAT, (10, 11, 9, 10)), [BUY, *both])
        assert prices(found)[1:] == [("Pa", 50, 9.5), ("Pc", 100, 10.5)]

    def test_money_of_a_sale_inside_a_bar_does_not_buy_inside_it(self) -> None:
        first = ticket("b", Side.BUY, 10_000)
        both = [ticket("a", Side.SELL, 10_000, "10.5"), ticket("c", Side.BUY, 10_000, "9.5")]
        found = taken(bars(FLAT, (10, 11, 9, 10)), [first, *both])
        assert prices(found)[1:] == [("Pa", 10_000, 10.5)]
        assert ends(found)["c"] == ("expired", "no_cash")


class TestForgotten:
    def test_one_that_ended_long_ago_is_not_known_and_its_id_is_not_taken_again(self) -> None:
        orders = PaperOrders()
        now_utc = datetime(2024, 1, 2, 15, tzinfo=UTC)
        number = orders.take(ticket("a", Side.BUY, 1), 0, now_utc, now_utc)
        orders.begin(date(2024, 1, 2))
        orders.end(number, BrokerState.FILLED)
        found = []
        for day in range(3, 8):
            found.append(orders.find("a") is not None)
            orders.begin(date(2024, 1, day))
        assert found == [True] * REMEMBERED + [False] * (5 - REMEMBERED)
        assert orders.find("a") is orders.find("never") is None
        with pytest.raises(DefiniteNo) as refused:
            orders.take(ticket("a", Side.BUY, 1), 0, now_utc, now_utc)
        assert refused.value.code == "duplicate_id"


class TestTheEnd:
    def test_a_split_cancels_what_waits_for_a_price(self) -> None:
        actions = Actions(np.array([1]), np.array([0]), np.array([int(ActionKind.SPLIT)], np.int8), np.array([2.0]))
        panel = panel_of({name: [10.0, 5.0] for name in ("open", "high", "low", "close")}, actions=actions)
        found = taken(panel, [BUY, ticket("a", Side.SELL, 100, "12")])
        assert ends(found)["a"] == ("canceled", "adjusted")

    @pytest.mark.parametrize("sent", [100, 150])
    def test_a_split_makes_more_of_what_follows_a_target_and_a_fill_tells_what_is_left(self, sent: int) -> None:
        actions = Actions(np.array([1]), np.array([0]), np.array([int(ActionKind.SPLIT)], np.int8), np.array([2.0]))
        prices_of = {name: [10.0, 5.0, 5.0] for name in ("open", "high", "low", "close")}
        panel = panel_of({**prices_of, "volume": [1e6, 180, 1e6]}, actions=actions)
        first, then = ticket("b", Side.BUY, sent), ticket("a", Side.SELL, sent)
        found = taken(panel, [first], [then], dealing=Dealing(carry=True))
        assert prices(found) == [("Pb", sent, 10), ("Pa", 180, 5), ("Pa", 2 * sent - 180, 5)]
        assert [one.left for one in found if isinstance(one, BrokerFill)] == [0, 2 * sent - 180, 0]
        assert ends(found)["a"] == ("filled", "")

    def test_a_stop_is_over_with_its_position(self) -> None:
        out = ticket("c", Side.SELL, 100, "10.5")
        found = taken(bars(FLAT, (10, 11, 10, 10)), [BUY, ticket("a", Side.SELL, 100, stop="8"), out])
        assert ends(found) == {"b": ("filled", ""), "a": ("canceled", "position_closed"), "c": ("filled", "")}

    @pytest.mark.parametrize("price", [{}, {"stop": "9"}, {"limit": "NaN"}, {"limit": "-1"}])
    def test_prices_an_order_cannot_have_are_refused(self, price: dict[str, str]) -> None:
        bad = replace(ticket("a", Side.BUY, 1, price.get("limit", "9")), **wrong(price))
        with pytest.raises(DefiniteNo) as refused:
            taken(bars(FLAT), [bad])
        assert refused.value.code == "bad_price"


def wrong(price: dict[str, str]) -> dict[str, Any]:
    limit = Decimal(price["limit"]) if "limit" in price else None
    return {"limit_price": limit, "stop_price": Decimal(price["stop"]) if "stop" in price else None}


def replace_volume(panel: Panel, volume: list[float]) -> Panel:
    matrices = {name: panel.matrix(f"raw_{name}") for name in ("open", "high", "low", "close")}
    return panel_of({**matrices, "volume": volume})


class TestLatency:
    def when(self, latency_s: float, cancel_after: int | None = None) -> tuple[list[int], str]:
        """On which rows of five minutes a limit and a market order fill that are sent at the close of the first."""
        start = datetime(2024, 1, 8, 14, 30, tzinfo=UTC)
        panel = bars(*[(10.0, 10.1, 9.9, 10.0)] * 6)
        paper = PaperAccount(Ground.of(panel), AccountTerms(Money(10_000_000, "USD"), 0.0), latency_s=latency_s)
        rows, state = [], ""
        for event in Replay(panel).told():
            if not isinstance(event, BarRow):
                continue
            opened, closed = (start + timedelta(minutes=5 * (event.row + more)) for more in (0, 1))
            row = BarRow(event.row, closed, start.date(), event.fields, closes=False)
            told = paper.advance(row, opened)
            rows += [event.row for one in told if isinstance(one, BrokerFill)]
            state = next((one.state.value for one in told if isinstance(one, BrokerOrder)), state)
            if event.row == 0:
                paper.submit(ticket("a", Side.BUY, 5), closed)
                paper.submit(ticket("c", Side.BUY, 5, "9.95"), closed)
            if event.row == cancel_after:
                paper.cancel("Pc", closed)
            kept = to_bytes(paper.snapshot())
            paper = PaperAccount(Ground.of(panel), AccountTerms(Money(10_000_000, "USD"), 0.0), latency_s=latency_s)
            paper.restore(from_bytes(kept))
        return rows, state

    @pytest.mark.parametrize(("latency_s", "row"), [(0, 1), (0.001, 2), (300, 2), (301, 3), (600, 3)])
    def test_an_order_meets_the_first_bar_that_opens_after_it_arrived(self, latency_s: float, row: int) -> None:
        assert self.when(latency_s) == ([row, row], "filled")

    def test_a_cancel_takes_as_long(self) -> None:
        # sent a bar later, it is there a bar later too: the order was met before
        assert self.when(1, cancel_after=1) == ([2, 2], "filled")
        assert self.when(301, cancel_after=0)[0] == [3]
