"""Strategies that are code: what they order trades by the rules everything trades by, and the result says so."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.execution.markets import AMERICA, KOREA, panel_of, plain_bars, random_market
from tests.execution.plain_account import exact
from tests.execution.plain_matcher import PlainMatcher, PlainOrder
from tests.laws.test_blocks import in_minutes
from tests.many import many
from tests.scale import scaled

from midas.backtest.artifact import load, save
from midas.backtest.result import Result
from midas.backtest.run import run, run_spec
from midas.backtest.spec import spec_of
from midas.core.clock import SystemClock
from midas.core.errors import InvalidInput, StrategyInvalid
from midas.execution.dealing import Dealing
from midas.execution.event_decider import EventDecider
from midas.integrations.sample.source import SampleSource
from midas.marketdata.actions import Actions
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.portfolio.journal import REASONS
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.strategies.param import param
from midas.strategies.registry import build
from midas.trading.coded import history_from, mandate_of, rehearsed, run_code

LIVES = scaled(500)
ROWS = 40


def ran(strategy: EventStrategy, panel: Panel, **options: Any) -> Result:
    return run_code(strategy, spec_of(strategy, panel, **options), panel)


# --- the same as a graph ------------------------------------------------------------------------------------------


class Hold(EventStrategy):
    """Every name that trades on the first bar, in equal weight, once."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if not self.state:
            self.state["bought"] = True
            there = np.flatnonzero(np.isfinite(bar.close))
            for column in there.tolist():
                ctx.buy(1.0 / len(there) * ctx.equity / bar.close[column], column)


class Crossing(EventStrategy):
    """The cross of two averages of closes, each name in a slot of its own."""

    fast: int = param(20, 2, 250)
    slow: int = param(60, 3, 500)

    @property
    def warmup(self) -> int:  # type: ignore[override]
        return self.slow

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        closes = self.state.setdefault("closes", [])
        closes.append(bar.close.tolist())
        del closes[: -self.slow - 1]
        for column in range(len(ctx.symbols)) if len(closes) > self.slow and ctx.equity else ():
            before, now = self._lead(column, 1), self._lead(column, 0)
            if before <= 0.0 < now and not ctx.position(column):
                ctx.buy(1.0 / len(ctx.symbols) * ctx.equity / bar.close[column], column)
            elif now < 0.0 <= before:
                ctx.close(column)

    def _lead(self, column: int, ago: int) -> float:
        own = [row[column] for row in self.state["closes"]][: -ago or None]
        return math.fsum(own[-self.fast :]) / self.fast - math.fsum(own[-self.slow :]) / self.slow


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("lake"), SystemClock())
    pull_bars(lake, SampleSource(), PullRequest())
    return lake


def assert_same(code: Result, graph: Result) -> None:
    assert code.fills().rows() == graph.fills().rows()
    assert code.trades().rows() == graph.trades().rows()
    assert code.positions().rows() == graph.positions().rows()
    assert code.simulation.equity.tolist() == graph.simulation.equity.tolist()
    assert code.simulation.cash.tolist() == graph.simulation.cash.tolist()
    assert code.summary == graph.summary
    assert code.costs == graph.costs


class TestAGraphInCode:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"commission_bps": 12.5, "slippage_bps": 7.0, "benchmark": "IBM"},
            {"lots": "fractional", "initial_capital": 12_345.67, "start": "2004-03-01", "end": "2007-01-01"},
            {"dealing": Dealing(slippage="half_spread=1tick,sqrt=0.1", cash_rate=0.03)},
            {"dealing": Dealing(fill_at="close", settlement="venue"), "initial_capital": 300_000_000},
        ],
    )
    def test_bought_and_held(self, sample: Lake, options: dict[str, Any]) -> None:
        # splits and dividends of three names, one of which is listed later
        panel = select(sample, None, ["AAPL", "GOOG", "IBM"]).panel
        days = {name: np.datetime64(options[name]).item() for name in ("start", "end") if name in options}
        graph = run(build("buy_and_hold"), panel, **{**options, **days})
        assert len(graph.fills()) > 1
        assert_same(ran(Hold(), panel, **{**options, **days}), graph)

    def test_within_the_day(self) -> None:
        made = random_market(8, 3, 120, AMERICA).panel
        panel = in_minutes(replace(made, actions=Actions.none()), 30)
        graph = run(build("buy_and_hold"), panel, commission_bps=5.0)
        assert_same(ran(Hold(), panel, commission_bps=5.0), graph)

    def test_crossed(self, sample: Lake) -> None:
        # two names without a split or a dividend in these years: code sees raw prices, graphs adjusted ones
        panel = select(sample, None, ["AAPL", "GOOG"]).panel
        days = {"start": np.datetime64("2005-06-01").item(), "end": np.datetime64("2012-06-29").item()}
        graph = run(build("sma_cross"), panel, slippage_bps=3.0, **days)
        assert len(graph.trades()) > 20
        assert_same(ran(Crossing(), panel, slippage_bps=3.0, **days), graph)

    def test_code_is_no_graph_to_the_backtest_of_graphs_and_the_other_way_round(self, sample: Lake) -> None:
        panel = select(sample, None, ["AAPL"]).panel
        with pytest.raises(StrategyInvalid, match="'hold' is code"):
            run_spec(spec_of(Hold(), panel), panel)
        with pytest.raises(InvalidInput, match="is a graph"):
            run_code(Hold(), spec_of(build("sma_cross"), panel), panel)


# --- limits and stops, as the plain matcher has them ---------------------------------------------------------------


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


# --- what makes no sense, and what fails -----------------------------------------------------------------------


class Careless(EventStrategy):
    """Orders what no market could fill, each on a bar of its own."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        asked = MISTAKES[bar.row] if bar.row < len(MISTAKES) else None
        if asked is not None:
            getattr(ctx, asked[0])(*asked[1], **asked[2])


MISTAKES: list[tuple[str, tuple[Any, ...], dict[str, float], str]] = [
    ("buy", (math.nan,), {}, "bad_quantity"),
    ("buy", (math.inf,), {"limit": 9.0}, "bad_quantity"),
    ("sell", (-3,), {}, "bad_quantity"),
    ("buy", (0,), {}, "bad_quantity"),
    ("buy", (0.4,), {}, "below_lot"),
    ("buy", (1, 2), {}, "unknown_instrument"),
    ("buy", (1, -1), {}, "unknown_instrument"),
    ("close", (2,), {}, "unknown_instrument"),
    ("cancel", (-1,), {}, "unknown_instrument"),
    ("buy", (1,), {"limit": math.nan}, "bad_price"),
    ("buy", (1,), {"stop": -1.0}, "bad_price"),
    ("buy", (1,), {"limit": 9.0, "stop": 11.0}, "bad_price"),
    ("buy", (1,), {"limit": 0.00001}, "bad_price"),
    ("sell", (1,), {}, "short_not_allowed"),
    ("sell", (1,), {"stop": 9.0}, "short_not_allowed"),
]
FLAT = {name: np.full((len(MISTAKES) + 3, 2), 10.0) for name in ("open", "high", "low", "close")} | {
    "volume": np.full((len(MISTAKES) + 3, 2), 1e6)
}


class TestOrdersThatMakeNoSense:
    def test_are_refused_one_by_one_with_the_reason(self) -> None:
        result = ran(Careless(), panel_of(FLAT))
        rejects = result.rejects()
        assert rejects["reason"].to_list() == [mistake[3] for mistake in MISTAKES]
        assert rejects["ts"].to_list() == result.panel.sessions[: len(MISTAKES)].tolist()
        places = [None if mistake[3] == "unknown_instrument" else "N000.XNAS" for mistake in MISTAKES]
        assert rejects["symbol"].to_list() == places
        assert len(result.fills()) == 0
        assert sum(result.reject_counts.values()) == len(MISTAKES)
        [told] = [warning for warning in result.warnings if warning.startswith("Nothing was traded")]
        assert "every order was refused or dropped (below_lot 1" in told

    def test_a_price_beyond_the_days_limits_is_refused(self) -> None:
        class Far(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == 1:
                    ctx.buy(1, limit=14_000.0)

        prices = {name: values * 1_000.0 for name, values in FLAT.items()}
        result = ran(Far(), panel_of(prices, currency="KRW", venue="XKRX"))
        assert result.reject_counts == {"beyond_limit": 1}

    def test_a_price_between_two_ticks_goes_to_the_better_one_and_that_is_said(self) -> None:
        class Between(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == 1:
                    ctx.buy(1, limit=10.019)

        dipped = {name: values.copy() for name, values in FLAT.items()}
        dipped["open"][2:, 0] = dipped["high"][2:, 0] = 10.5
        result = ran(Between(), panel_of(dipped))
        assert result.fills()["price"].to_list() == [10.01]
        assert any("between two ticks" in warning and warning.endswith(": 1.") for warning in result.warnings)

    def test_what_waits_at_the_end_is_told(self) -> None:
        class Patient(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == 1:
                    ctx.buy(1, limit=5.0)
                    ctx.buy(1, limit=6.0)

        assert "Orders that still waited when the run ended: 2." in ran(Patient(), panel_of(FLAT)).warnings


class TestCodeThatFails:
    @pytest.mark.parametrize("row", [0, 4])
    def test_what_it_is_shown_cannot_be_changed(self, row: int) -> None:
        class Forging(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == row:
                    bar.close[0] = 1.0

        with pytest.raises(StrategyInvalid, match="read-only"):
            ran(Forging(), panel_of(FLAT))

    @pytest.mark.parametrize("row", [0, 4])
    def test_names_strategy_and_bar_and_keeps_the_cause(self, row: int) -> None:
        class Failing(EventStrategy):
            name = "my_idea"

            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                if bar.row == row:
                    raise KeyError("missing")

        panel = panel_of(FLAT)
        with pytest.raises(
            StrategyInvalid, match=f"'my_idea' failed at the bar of {panel.sessions[row]}: KeyError"
        ) as it:
            ran(Failing(), panel)
        assert it.value.code == "strategy_failed"
        assert isinstance(it.value.__cause__, KeyError)

    def test_so_does_a_place_that_is_none(self) -> None:
        class Failing(EventStrategy):
            def on_bar(self, ctx: Context, bar: EventBar) -> None:
                ctx.position(-1)

        with pytest.raises(StrategyInvalid, match="no instrument -1, only 0 to 1"):
            ran(Failing(), panel_of(FLAT))


# --- how it is run -----------------------------------------------------------------------------------------------


class Counting(EventStrategy):
    """Writes down which bars it saw."""

    warmup = 3

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        self.state.setdefault("rows", []).append(bar.row)
        SEEN.append(bar.row)
        ctx.buy(1)


SEEN: list[int] = []


def test_its_warm_up_is_shown_before_and_its_orders_then_are_forgotten() -> None:
    SEEN.clear()
    panel = panel_of(FLAT)
    result = ran(Counting(), panel, start=panel.sessions[6].item())
    assert [*range(3, panel.rows)] == SEEN
    assert result.simulation.first == 6
    assert result.simulation.journal.fills.decided.tolist() == list(range(6, panel.rows - 1))
    assert result.settings["warm_up_sessions"] == 3


class Waking(EventStrategy):
    """Buys a name that has not traded for long, before it does again."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if np.isnan(bar.close[1]) and not self.state:
            self.state["asked"] = True
            ctx.buy(1, 1)


def test_the_last_price_of_a_name_that_slept_is_known_however_old_it_is() -> None:
    prices = {name: np.full((200, 2), 10.0) for name in ("open", "high", "low", "close")} | {
        "volume": np.full((200, 2), 1e6)
    }
    for values in prices.values():
        values[10:151, 1] = np.nan
    panel = panel_of(prices)
    result = ran(Waking(), panel, start=panel.sessions[150].item())
    assert result.rejects().height == 0
    assert result.simulation.journal.fills.row.tolist() == [151]


class Careful(EventStrategy):
    """Remembers how many bars it saw, and buys on every second one."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        self.state["bars"] = self.state.get("bars", 0) + 1
        if self.state["bars"] % 2:
            ctx.buy(1)


def a_late_life(seed: int) -> int:
    """History that is left out makes no difference."""
    draw = np.random.default_rng(seed + 3_000_000)
    rules = AMERICA if draw.random() < 0.5 else KOREA
    panel = random_market(seed, int(draw.integers(1, 5)), 150, rules).panel
    quiet = panel.fields["raw_close"]
    for column in range(panel.columns):
        begin = int(draw.integers(20, 120))
        quiet[:, begin : begin + int(draw.integers(0, 90)), column] = np.nan
    if draw.random() < 0.5:
        panel = in_minutes(panel, int(draw.choice([4, 30])))
    first = int(draw.integers(100, 140))
    options = {"dealing": Dealing(slippage="sqrt=0.5"), "start": panel.sessions[first].item()}
    strategy = Wild()
    told = ran(strategy, panel, **options)
    spec = spec_of(strategy, panel, **options)
    mandate = mandate_of(spec, panel, told.simulation.first)
    decider = EventDecider(strategy, mandate.ground, told.scale, begins=told.simulation.first)
    whole = rehearsed(mandate, decider, panel, told.simulation.stop)
    assert whole.closes.equity.tolist() == told.simulation.equity.tolist()
    assert whole.closes.cash.tolist() == told.simulation.cash.tolist()
    return int(history_from(panel, told.simulation.first, 0) > 0)


def test_history_that_is_left_out_makes_no_difference() -> None:
    lives = scaled(250)
    assert sum(many(a_late_life, range(lives))) > lives // 2


def test_a_run_begins_from_the_instance_and_leaves_it_as_it_was() -> None:
    strategy, panel = Careful(), panel_of(FLAT)
    first, second = ran(strategy, panel), ran(strategy, panel)
    assert strategy.state == {}
    assert first.identity == second.identity
    assert first.fills().rows() == second.fills().rows()


def test_an_instance_that_cannot_be_copied_is_refused() -> None:
    strategy = Counting()
    strategy.state["open"] = (each for each in ())
    with pytest.raises(StrategyInvalid, match="cannot be copied"):
        ran(strategy, panel_of(FLAT))


def test_carrying_on_orders_is_no_option_for_code() -> None:
    with pytest.raises(InvalidInput, match="`carry` is for strategies with a schedule"):
        ran(Counting(), panel_of(FLAT), dealing=Dealing(carry=True))


class Wild(EventStrategy):
    """Long, short, reversed, at random, with orders of every kind."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        draw = np.random.default_rng(bar.row)
        for column in np.flatnonzero(np.isfinite(bar.close)).tolist():
            size = ctx.equity * float(draw.uniform(-0.3, 0.3)) / float(bar.close[column])
            price = float(bar.close[column]) * float(draw.uniform(0.97, 1.03))
            names = [{}, {"limit": price}, {"stop": price}][int(draw.integers(3))]
            (ctx.buy if size > 0 else ctx.sell)(abs(size), column, **names)
            if draw.random() < 0.2:
                ctx.close(column)
            if draw.random() < 0.2:
                ctx.cancel(column)


def a_wild_life(seed: int) -> int:
    draw = np.random.default_rng(seed)
    panel = random_market(seed, int(draw.integers(1, 5)), 60, AMERICA).panel
    dealing = Dealing(
        allow_short=bool(draw.random() < 0.7), cash_rate=0.02, reinvest_dividends=bool(draw.random() < 0.3)
    )
    result = ran(Wild(), panel, dealing=dealing, lots="whole" if draw.random() < 0.5 else "fractional")
    account, scale = result.simulation, result.scale
    result.ledger().verify(account.cash, account.first)
    held = (
        result.positions().group_by("ts", maintain_order=True).agg(value="value") if result.positions().height else None
    )
    worth = {} if held is None else {day: sum(values) for day, values in held.rows()}
    for day, equity, cash in zip(result.sessions.tolist(), result.equity, result.cash, strict=True):
        assert equity == pytest.approx(cash + worth.get(day, 0.0), abs=0.5 / scale)
    if account.ruined < 0 and not dealing.cash_rate:
        gained = sum(result.trades()["pnl"].to_list())
        assert gained == pytest.approx(float(result.equity[-1] - result.equity[0]), abs=0.5 / scale)
    return len(result.fills())


def test_ledger_positions_and_equity_agree_whatever_code_does() -> None:
    lives = scaled(250)
    assert sum(many(a_wild_life, range(lives))) > 20 * lives


def test_what_is_stored_is_what_was_made(tmp_path: Path) -> None:
    result = ran(Wild(), random_market(5, 3, 60, AMERICA).panel)
    save(result, tmp_path / "kept")
    kept = load(tmp_path / "kept")
    assert (kept.identity, kept.summary, kept.settings) == (result.identity, result.summary, result.settings)
    assert kept.fills().equals(result.fills())
    assert kept.rejects().equals(result.rejects())
    assert kept.equity_frame().equals(result.equity_frame())
    assert kept.spec["strategy"]["code"]["digest"] == result.settings["code"]
