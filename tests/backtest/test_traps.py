"""The ways backtests lie, each by the number it has in the project's list of traps."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backtest.strategies import MonthEnd, Rebalanced, Short, Threshold, Traded
from tests.execution.markets import FIELDS, KOREA, panel_of, random_market, random_weights
from tests.execution.possible import assert_possible

from midas.backtest.result import Result
from midas.backtest.run import run
from midas.core.basis import Basis
from midas.core.errors import StrategyInvalid
from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.dealing import Dealing
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms
from midas.factors.market import Market
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.panel import Panel
from midas.portfolio.journal import CAUSES, REASONS
from midas.strategies.definition import Definition
from midas.strategies.exits import AtrStop, Exit, StopLoss, TakeProfit, TimeStop, TrailingStop
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.sma_cross import SmaCross
from midas.strategies.schedule import Every
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue

NAN = math.nan
seeds = st.integers(0, 2**32 - 1)


def flat(rows: int, price: float = 100.0, volume: float = 1e9) -> dict[str, np.ndarray]:
    bars = {name: np.full((rows, 1), price) for name in FIELDS}
    bars["volume"][:] = volume
    return bars


def trade(
    panel: Panel,
    weights: np.ndarray,
    by_change: bool = False,
    capital: int = 10_000_000,
    dealing: Dealing | None = None,
) -> Simulation:
    market = venue(panel.venue)
    terms = AccountTerms(Money(capital, panel.currency), dealing=dealing or Dealing())
    world = conditions(panel, rule_arrays(market, panel.instruments, panel.sessions), terms)
    rows = np.arange(panel.rows)
    return simulate(world, rows, weights, first=0, stop=panel.rows, capital=capital, by_change=by_change)


class TestT3SameBarFill:
    @settings(max_examples=30, deadline=None)
    @given(seeds, st.booleans())
    def test_t03_every_fill_is_a_bar_after_its_decision(self, seed: int, by_change: bool) -> None:
        panel = random_market(seed, 3, 30, KOREA).panel
        fills = trade(panel, random_weights(seed, 30, 3), by_change).journal.fills
        assert (fills.row == fills.decided + 1).all()

    def test_t03_the_price_is_the_next_open_not_the_close_decided_on(self) -> None:
        bars = flat(6)
        bars["close"][2], bars["high"][2] = 130.0, 130.0
        bars["open"][3], bars["high"][3] = 125.0, 125.0
        (fill,) = run(Threshold(level=110.0), panel_of(bars)).fills().head(1).to_dicts()
        assert (fill["ts"], fill["price"]) == (date(2024, 1, 5), 125.0)


class TestT4LookAheadInCosts:
    @settings(max_examples=40, deadline=None)
    @given(seeds, st.integers(1, 19), st.sampled_from(["", "sqrt=1,half_spread=1tick", "volume_share=5"]))
    def test_t04_a_bars_close_changes_nothing_of_its_own_fills(self, seed: int, row: int, slippage: str) -> None:
        panel = random_market(seed, 3, 20, KOREA).panel
        raw = {name: panel.matrix(f"raw_{name}") for name in FIELDS}
        closes = raw["close"].copy()
        inside = raw["low"] + np.random.default_rng(seed).random(closes.shape) * (raw["high"] - raw["low"])
        closes[row] = np.where(np.isnan(inside[row]), closes[row], np.round(inside[row]))
        other = panel_of(raw | {"close": closes}, currency="KRW", venue="XKRX", actions=panel.actions)
        weights = random_weights(seed, 20, 3)
        dealing = Dealing(slippage=slippage)
        before, after = (trade(one, weights, dealing=dealing).journal for one in (panel, other))
        upto = [np.column_stack((j.fills.row, j.fills.column, j.fills.price, j.fills.quantity, j.fills.commission,
                                 j.fills.tax))[j.fills.row <= row] for j in (before, after)]  # fmt: skip
        np.testing.assert_array_equal(*upto)
        refused = [j.refusals.reason[(j.refusals.row <= row) & (j.refusals.number >= 0)] for j in (before, after)]
        np.testing.assert_array_equal(*refused)


class TestT5FabricatedFill:
    @settings(max_examples=40, deadline=None)
    @given(seeds, st.booleans())
    def test_t05_every_fill_lies_inside_a_bar_that_exists(self, seed: int, by_change: bool) -> None:
        panel = random_market(seed, 3, 30, KOREA).panel
        fills = trade(panel, random_weights(seed, 30, 3), by_change).journal.fills
        low, high = (panel.matrix(f"raw_{name}")[fills.row, fills.column] for name in ("low", "high"))
        assert ((low <= fills.price) & (fills.price <= high)).all()

    def test_t05_a_gap_fills_nothing(self) -> None:
        bars = flat(6)
        for name in FIELDS:
            bars[name][1:4] = NAN
        result = run(Rebalanced(), panel_of(bars))
        assert result.fills()["ts"].to_list() == [date(2024, 1, 9)]
        assert result.reject_counts == {"no_bar": 1}


class TestT6StalePrice:
    def test_t06_a_halted_name_rejects_with_the_reason(self) -> None:
        bars = flat(4)
        for name in ("open", "high", "low"):
            bars[name][1] = NAN
        bars["volume"][1] = 0
        rejects = run(BuyAndHold(), panel_of(bars)).rejects()
        assert rejects["reason"].to_list() == ["halted"]

    def test_t06_a_bar_without_volume_rejects_with_the_reason(self) -> None:
        bars = flat(4)
        bars["volume"][1] = 0
        assert run(BuyAndHold(), panel_of(bars)).rejects()["reason"].to_list() == ["no_volume"]

    def test_t06_an_exit_that_met_a_halt_is_tried_again(self) -> None:
        bars = flat(8)
        bars["close"][4:] = 90.0
        bars["low"][4:] = 90.0
        for name in ("open", "high", "low"):
            bars[name][5:7] = NAN
        bars["volume"][5:7] = 0
        result = run(Threshold(level=95.0), panel_of(bars))
        assert result.fills()["side"].to_list() == ["buy", "sell"]
        assert str(result.fills()["ts"][-1]) == str(result.panel.sessions[7])
        assert result.reject_counts["halted"] == 2


def stopped(*policies: Exit, every: Every = Every.ONCE) -> Definition:
    """Buy and hold with exits."""
    return replace(BuyAndHold().definition(), exits=policies, every=every)


def bars_of(*rows: tuple[float, float, float, float], volume: float = 1e9) -> dict[str, np.ndarray]:
    """One name's (open, high, low, close), row by row."""
    columns = [*zip(*rows, strict=True), [volume] * len(rows)]
    return {name: np.array(values, float)[:, None] for name, values in zip(FIELDS, columns, strict=True)}


QUIET = (100.0, 101.0, 99.0, 100.0)


def exit_of(result: Result) -> tuple[int, float, str]:
    """Row, price and cause of the one sale."""
    fills = result.simulation.journal.fills
    (at,) = np.flatnonzero(fills.side < 0)
    return int(fills.row[at]), float(fills.price[at]), CAUSES[fills.cause[at] - 1].value


class TestT7StopThroughAGap:
    def test_t07_a_gap_past_the_stop_fills_at_the_open(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (50.0, 52.0, 48.0, 51.0), QUIET))
        assert exit_of(run(stopped(StopLoss(0.1)), panel)) == (3, 50.0, "stop_loss")

    def test_t07_inside_the_bar_it_fills_at_the_stop(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (100.0, 100.0, 80.0, 95.0), QUIET))
        assert exit_of(run(stopped(StopLoss(0.1)), panel)) == (3, 90.0, "stop_loss")

    def test_t07_a_stop_pays_slippage_onto_the_tick_and_stays_in_the_bar(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (100.0, 100.0, 89.95, 95.0), QUIET))
        result = run(stopped(StopLoss(0.1)), panel, slippage_bps=10)
        # bought at 100.10, the stop is at 90.09, less a thousandth is 89.99991 and on the tick below it 89.99
        assert exit_of(result) == (3, 89.99, "stop_loss")

    def test_t07_a_take_profit_that_is_gapped_over_gets_the_open(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (130.0, 131.0, 128.0, 129.0), QUIET))
        assert exit_of(run(stopped(TakeProfit(0.1)), panel)) == (3, 130.0, "take_profit")

    def test_t07_a_touched_limit_is_not_a_fill(self) -> None:
        touched = (100.0, 110.0, 100.0, 105.0)
        through = (100.0, 110.01, 100.0, 105.0)
        panel = panel_of(bars_of(QUIET, QUIET, touched, through, QUIET))
        assert exit_of(run(stopped(TakeProfit(0.1)), panel)) == (3, 110.0, "take_profit")

    def test_t07_of_two_in_one_bar_the_worse_is_assumed(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (100.0, 120.0, 80.0, 119.0), QUIET))
        assert exit_of(run(stopped(TakeProfit(0.1), StopLoss(0.1)), panel)) == (3, 90.0, "stop_loss")

    def test_t07_the_entry_bar_arms_nothing(self) -> None:
        panel = panel_of(bars_of(QUIET, (100.0, 130.0, 50.0, 100.0), QUIET, QUIET))
        result = run(stopped(TakeProfit(0.1), StopLoss(0.1)), panel)
        assert result.fills()["side"].to_list() == ["buy"]

    def test_t07_a_trailing_stop_knows_the_highs_before_its_bar_only(self) -> None:
        rise = (100.0, 120.0, 100.0, 118.0)
        # 10 % below 120 is 108; this bar's own high of 140 would have made it 126
        turn = (118.0, 140.0, 107.0, 110.0)
        result = run(stopped(TrailingStop(0.1)), panel_of(bars_of(QUIET, QUIET, rise, turn, QUIET)))
        assert exit_of(result) == (3, 108.0, "trailing_stop")

    def test_t07_a_time_stop_sells_at_an_open(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (97.0, 99.0, 96.0, 98.0), QUIET))
        assert exit_of(run(stopped(TimeStop(2)), panel)) == (3, 97.0, "time_stop")

    def test_t07_closes_alone_trigger_on_a_close_and_fill_at_the_next(self) -> None:
        panel = panel_of({"close": [100.0, 100.0, 100.0, 89.0, 93.0, 95.0]}, basis=Basis.CLOSE_ONLY)
        assert exit_of(run(stopped(StopLoss(0.1)), panel)) == (4, 93.0, "stop_loss")

    def test_t07_a_lock_or_a_halt_holds_an_exit_back_to_the_first_tradable_open(self) -> None:
        day = (10_000.0, 10_100.0, 9_900.0, 10_000.0)
        lock = (7_000.0,) * 4
        halt = (NAN, NAN, NAN, 7_000.0)
        bars = bars_of(day, day, day, lock, halt, (6_500.0, 6_900.0, 6_400.0, 6_600.0), day)
        result = run(stopped(StopLoss(0.1)), panel_of(bars, currency="KRW", venue="XKRX"), commission_bps=0)
        assert exit_of(result) == (5, 6_500.0, "stop_loss")
        assert result.reject_counts == {"locked_limit": 1, "halted": 1}

    def test_t07_an_exit_obeys_the_volume_cap_and_the_rest_goes_at_the_next_open(self) -> None:
        fall = (100.0, 100.0, 80.0, 85.0)
        bars = bars_of(QUIET, QUIET, QUIET, fall, (84.0, 86.0, 83.0, 85.0), QUIET)
        bars["volume"][3] = 3_000.0
        result = run(stopped(StopLoss(0.1)), panel_of(bars))
        sales = [(row["quantity"], row["price"], row["cause"]) for row in result.fills().to_dicts()[1:]]
        assert sales == [(300.0, 90.0, "stop_loss"), (700.0, 84.0, "stop_loss")]

    def test_t07_a_name_stays_flat_until_its_target_changes(self) -> None:
        fall = (100.0, 105.0, 80.0, 100.0)
        low = (90.0, 91.0, 84.0, 85.0)
        bars = bars_of(QUIET, QUIET, fall, QUIET, QUIET, low, QUIET, QUIET, QUIET)
        held = replace(Threshold(level=95.0).definition(), exits=(StopLoss(0.1),))
        fills = run(held, panel_of(bars)).simulation.journal.fills
        # in at 1, stopped at 2, flat although it closes above the level, until it fell below it and came back at 6
        assert [*zip(fills.row.tolist(), fills.side.tolist(), strict=True)] == [(1, 1), (2, -1), (7, 1)]

    def test_t07_or_until_the_strategy_speaks_again(self) -> None:
        fall = (100.0, 105.0, 80.0, 100.0)
        panel = panel_of(bars_of(QUIET, QUIET, fall, QUIET, QUIET))
        fills = run(stopped(StopLoss(0.1), every=Every.BAR), panel).simulation.journal.fills
        assert [*zip(fills.row.tolist(), fills.side.tolist(), strict=True)] == [(1, 1), (2, -1), (3, 1)]

    def test_t07_why_a_position_was_closed_is_told(self) -> None:
        panel = panel_of(bars_of(QUIET, QUIET, QUIET, (50.0, 52.0, 48.0, 51.0), QUIET))
        result = run(stopped(StopLoss(0.1)), panel)
        assert result.trades()["cause"].to_list() == ["stop_loss"]
        assert dict(result.exit_counts) == {"stop_loss": 1}
        assert result.settings["exits"] == "stop_loss 0.1"
        result.ledger().verify(result.simulation.cash, result.simulation.first)


class TestT8InfiniteLiquidity:
    def test_t08_an_order_of_all_the_volume_gets_a_tenth(self) -> None:
        bars = flat(3, volume=1000.0)
        result = run(BuyAndHold(), panel_of(bars), initial_capital=100_000)
        assert result.fills()["quantity"].to_list() == [100.0]
        assert [(r["reason"], r["quantity"]) for r in result.rejects().to_dicts()] == [("volume_cap", 900.0)]

    @settings(max_examples=40, deadline=None)
    @given(seeds, st.booleans())
    def test_t08_a_bars_liquidity_is_never_used_twice(self, seed: int, by_change: bool) -> None:
        panel = random_market(seed, 3, 30, KOREA).panel
        fills = trade(panel, random_weights(seed, 30, 3), by_change, capital=10**12).journal.fills
        taken = np.zeros((panel.rows, panel.columns))
        np.add.at(taken, (fills.row, fills.column), fills.quantity)
        volume = np.nan_to_num(panel.matrix("raw_volume"))
        assert (taken <= 0.1 * volume + 1e-9).all()


class TestT9ImpossibleFill:
    @settings(max_examples=40, deadline=None)
    @given(seeds, st.booleans(), st.sampled_from([0.0, 7.0, 120.0]))
    def test_t09_no_fill_is_off_tick_or_beyond_the_limit(self, seed: int, by_change: bool, slippage: float) -> None:
        made = random_market(seed, 3, 30, KOREA)
        raw = {name: made.panel.matrix(f"raw_{name}") for name in FIELDS}
        panel = panel_of(raw, currency="KRW", venue="XKRX")
        market = venue("XKRX")
        world = conditions(
            panel,
            rule_arrays(market, panel.instruments, panel.sessions),
            AccountTerms(Money(10**9, "KRW"), slippage_bps=slippage),
        )
        simulation = simulate(
            world, np.arange(30), random_weights(seed, 30, 3), first=0, stop=30, capital=10**9, by_change=by_change
        )
        assert_possible(simulation, panel, market)

    def test_t09_a_bar_locked_at_its_limit_does_not_fill(self) -> None:
        bars = flat(4, price=10_000.0)
        for name in ("open", "high", "low", "close"):
            bars[name][1] = 13_000.0
        panel = panel_of(bars, currency="KRW", venue="XKRX")
        result = run(BuyAndHold(), panel, initial_capital=1_000_000)
        assert result.rejects()["reason"].to_list() == ["locked_limit"]
        assert len(result.fills()) == 0

    def test_t09_a_bar_locked_elsewhere_fills(self) -> None:
        bars = flat(4, price=10_000.0)
        for name in ("open", "high", "low", "close"):
            bars[name][1] = 12_000.0
        panel = panel_of(bars, currency="KRW", venue="XKRX")
        result = run(BuyAndHold(), panel, initial_capital=1_000_000)
        assert result.fills()["price"].to_list() == [12_000.0]


def fall_and_rise(*closes: float) -> Panel:
    prices = np.array(closes)[:, None]
    bars = {name: prices.copy() for name in FIELDS[:4]} | {"volume": np.full(prices.shape, 1e9)}
    return panel_of(bars)


SHORTING = Dealing(allow_short=True, borrow_bps=0.0)


class TestT10Bankruptcy:
    def test_t10_a_ruined_account_stays_ruined(self) -> None:
        # short 100 shares at 100: at 250 the account owes 25,000 and has 20,000
        panel = fall_and_rise(100, 100, 110, 250, 50, 40, 30)
        result = run(Short(), panel, initial_capital=10_000, commission_bps=0, dealing=SHORTING)
        assert result.equity.tolist() == [10_000, 10_000, 9_000, 0, 0, 0, 0]
        assert result.fills()["ts"].max() == date(2024, 1, 5)
        assert any(warning.startswith("Bankrupt on 2024-01-05") for warning in result.warnings)
        result.ledger().verify(result.simulation.cash, result.simulation.first)

    def test_t10_below_maintenance_everything_is_closed_at_the_next_open(self) -> None:
        # at 160 the equity of 4,000 is a quarter of the 16,000 owed; at 165 3,500 are left
        panel = fall_and_rise(100, 100, 160, 165, 400, 400)
        held = replace(Short().definition(), every=Every.ONCE)
        result = run(held, panel, initial_capital=10_000, commission_bps=0, dealing=SHORTING)
        assert exit_of_short(result) == (3, 165.0, "margin_call")
        assert result.equity[2:].tolist() == [4_000, 3_500, 3_500, 3_500]
        assert any("maintenance margin" in warning for warning in result.warnings)

    def test_t10_a_short_owes_dividends_and_its_fee(self) -> None:
        kind = np.array([ActionKind.CASH_DIVIDEND], np.int8)
        actions = Actions(np.array([2]), np.array([0]), kind, np.array([1.0]))
        panel = panel_of(flat(4), actions=actions)
        dealing = Dealing(allow_short=True, borrow_bps=365.0)
        held = replace(Short().definition(), every=Every.ONCE)
        result = run(held, panel, initial_capital=10_000, commission_bps=0, dealing=dealing)
        # 10,000 borrowed at 3.65 % a year is 1.00 a day; 100 shares owe 100.00
        assert result.equity.tolist() == [10_000, 10_000, 9_899, 9_898]
        assert result.trades()["side"].to_list() == ["short"]

    @settings(max_examples=30, deadline=None)
    @given(seeds, st.booleans())
    def test_t10_without_shorts_equity_and_cash_never_fall_below_nothing(self, seed: int, by_change: bool) -> None:
        simulation = trade(random_market(seed, 3, 30, KOREA).panel, random_weights(seed, 30, 3) * 3, by_change)
        assert (simulation.cash >= 0).all()
        assert (simulation.equity >= 0).all()

    def test_t10_what_margin_does_not_cover_is_refused(self) -> None:
        dealing = Dealing(allow_short=True, borrow_bps=0.0, initial_margin=1.0)
        panel = fall_and_rise(100, 100, 100)
        bars = {name: panel.matrix(f"raw_{name}").copy() for name in FIELDS}
        bars["open"][1] = bars["high"][1] = 125.0
        result = run(Short(), panel_of(bars), initial_capital=10_000, commission_bps=0, dealing=dealing)
        # 100 shares were decided at 100.00; at 125.00 the equity covers 80
        assert result.fills()["quantity"][0] == 80.0
        assert result.reject_counts["margin"] == 1

    def test_t10_nothing_new_is_sold_short_under_a_ban(self) -> None:
        bars = flat(6)
        panel = panel_of(bars, currency="KRW", venue="XKRX", start="2024-01-02")
        result = run(Short(), panel, dealing=SHORTING)
        assert len(result.fills()) == 0
        assert set(result.reject_counts) == {"short_banned"}
        free = panel_of(bars, currency="KRW", venue="XKRX", start="2023-01-02")
        assert run(Short(), free, dealing=SHORTING).fills()["side"][0] == "sell"


def exit_of_short(result: Result) -> tuple[int, float, str]:
    fills = result.simulation.journal.fills
    (at,) = np.flatnonzero(fills.side > 0)
    return int(fills.row[at]), float(fills.price[at]), CAUSES[fills.cause[at] - 1].value


class TestT13AdjustedPrices:
    def test_t13_orders_are_sized_and_filled_at_raw_prices(self) -> None:
        # a dividend of half the price makes the adjusted close twice the raw one from row 1 on
        kind = np.array([ActionKind.CASH_DIVIDEND], np.int8)
        actions = Actions(np.array([1]), np.array([0]), kind, np.array([50.0]))
        panel = panel_of(flat(8), actions=actions)
        assert panel.matrix("close")[2, 0] == 200.0
        start = date(2024, 1, 4)
        (fill,) = run(BuyAndHold(), panel, start=start, initial_capital=10_000, commission_bps=0).fills().to_dicts()
        assert (fill["quantity"], fill["price"]) == (100.0, 100.0)

    def test_t13_raw_and_adjusted_prices_do_not_mix(self) -> None:
        market = Market()
        with pytest.raises(StrategyInvalid):
            market.raw_close + market.close


class TestT12CorporateActions:
    def split(self, ratio: float, row: int = 4, rows: int = 8) -> Panel:
        bars = flat(rows)
        for name in ("open", "high", "low", "close"):
            bars[name][row:] /= ratio
        bars["volume"][row:] *= ratio
        kind = np.array([ActionKind.SPLIT], np.int8)
        actions = Actions(np.array([row]), np.array([0]), kind, np.array([ratio]))
        return panel_of(bars, actions=actions)

    @pytest.mark.parametrize("ratio", [2.0, 50.0, 1.5, 0.1, 1 / 3])
    def test_t12_a_split_leaves_the_value_where_it_was(self, ratio: float) -> None:
        result = run(BuyAndHold(), self.split(ratio), initial_capital=10_123)
        np.testing.assert_array_equal(result.equity, 10_123.0)

    def test_t12_an_order_pending_over_a_split_is_for_the_new_shares(self) -> None:
        (fill,) = run(BuyAndHold(), self.split(50.0, row=1), initial_capital=10_000).fills().to_dicts()
        assert (fill["quantity"], fill["price"]) == (5000.0, 2.0)

    def test_t12_an_indicator_goes_on_through_a_split(self) -> None:
        plain = run(SmaCross(fast=2, slow=4), panel_of(wave(60)), initial_capital=100_000)
        bars = wave(60)
        for name in ("open", "high", "low", "close"):
            bars[name][30:] /= 2
        bars["volume"][30:] *= 2
        actions = Actions(np.array([30]), np.array([0]), np.array([ActionKind.SPLIT], np.int8), np.array([2.0]))
        split = run(SmaCross(fast=2, slow=4), panel_of(bars, actions=actions), initial_capital=100_000)
        assert split.fills()["ts"].to_list() == plain.fills()["ts"].to_list()
        np.testing.assert_allclose(split.equity, plain.equity, rtol=2e-3)

    @pytest.mark.parametrize("ratio", [2.0, 50.0, 0.1])
    @pytest.mark.parametrize("policy", [StopLoss(0.1), TrailingStop(0.1), TakeProfit(0.1), AtrStop(2.0, n=2)])
    def test_t12_a_split_re_prices_the_exits(self, ratio: float, policy: Exit) -> None:
        rows = [QUIET] * 40 + [(100.0, 100.0, 88.0, 95.0), (100.0, 112.0, 100.0, 111.0), QUIET]
        bars = bars_of(*rows)
        for name in ("open", "high", "low", "close"):
            bars[name][39:] /= ratio
        bars["volume"][39:] *= ratio
        kind = np.array([ActionKind.SPLIT], np.int8)
        actions = Actions(np.array([39]), np.array([0]), kind, np.array([ratio]))
        plain, split = (
            run(stopped(policy), panel, initial_capital=100_000, commission_bps=0)
            for panel in (
                panel_of(bars_of(*rows), basis=Basis.SPLIT_ADJUSTED),
                panel_of(bars, basis=Basis.SPLIT_ADJUSTED, actions=actions),
            )
        )
        row, price, cause = exit_of(plain)
        found = exit_of(split)
        assert (found[0], found[2]) == (row, cause)
        assert found[1] == pytest.approx(price / ratio, rel=1e-12)
        np.testing.assert_allclose(split.equity, plain.equity, rtol=1e-12)

    def test_t12_a_dividend_is_paid_in_cash_on_the_shares_held_the_day_before(self) -> None:
        bars = flat(6)
        actions = Actions(
            np.array([3]), np.array([0]), np.array([ActionKind.CASH_DIVIDEND], np.int8), np.array([1.234])
        )
        result = run(BuyAndHold(), panel_of(bars, actions=actions), initial_capital=10_000)
        # 100 shares at 100.00 and 1.234 for each of them
        np.testing.assert_array_equal(result.cash, [10_000, 0, 0, 123.4, 123.4, 123.4])
        assert result.summary["income"] == 123.4


def wave(rows: int) -> dict[str, np.ndarray]:
    closes = np.round(100 + 20 * np.sin(np.arange(rows) / 4), 0)[:, None] * 2
    return {name: closes.copy() for name in FIELDS[:4]} | {"volume": np.full((rows, 1), 1e9)}


class TestT14MeasuresOverIdleBars:
    def test_t14_sixty_idle_bars_before_the_listing_change_nothing(self) -> None:
        bars = wave(200)
        idle = {name: np.vstack((np.full((60, 1), NAN), values)) for name, values in bars.items()}
        plain = run(SmaCross(fast=2, slow=4), panel_of(bars, start="2022-03-28"))
        waited = run(SmaCross(fast=2, slow=4), panel_of(idle, start="2022-01-03"))
        assert waited.sessions[0] == plain.sessions[0]
        assert dict(waited.summary) == dict(plain.summary)

    def test_t14_sixty_bars_of_history_before_the_start_change_nothing(self) -> None:
        bars = wave(260)
        late = {name: values[60:] for name, values in bars.items()}
        start = date(2022, 6, 1)
        long = run(SmaCross(fast=2, slow=4), panel_of(bars, start="2022-01-03"), start=start)
        short = run(SmaCross(fast=2, slow=4), panel_of(late, start="2022-03-28"), start=start)
        assert dict(long.summary) == dict(short.summary)

    def test_t14_an_open_loss_is_in_the_drawdown(self) -> None:
        bars = flat(5)
        for name in ("open", "high", "low", "close"):
            bars[name][3:] = 50.0
        result = run(BuyAndHold(), panel_of(bars))
        assert (result.summary["trades"], result.summary["max_drawdown"]) == (0, -0.5)


class TestT15ShortWindows:
    def test_t15_below_ninety_days_nothing_is_told_per_year(self) -> None:
        result = run(BuyAndHold(), panel_of(wave(40)))
        per_year = ("cagr", "volatility", "sharpe", "sortino", "calmar", "turnover", "alpha")
        assert [result.summary[key] for key in per_year] == [None] * len(per_year)
        assert result.summary["total_return"] is not None
        assert any("below 90" in warning for warning in result.warnings)


class TestT34SilentlyNothing:
    def why(self, result) -> str:  # type: ignore[no-untyped-def]
        (told,) = [warning for warning in result.warnings if warning.startswith("Nothing was traded")]
        return told

    def test_t34_a_condition_that_never_held(self) -> None:
        told = self.why(run(Threshold(level=1000.0), panel_of(flat(8))))
        assert "asked on 8 of 8 sessions" in told
        assert "all 8 targets were 0 or less" in told

    def test_t34_orders_that_were_all_refused(self) -> None:
        told = self.why(run(Rebalanced(), panel_of(flat(8)), initial_capital=50))
        assert "8 positive targets" in told
        assert "below_lot 7" in told

    def test_t34_a_schedule_that_never_came(self) -> None:
        told = self.why(run(MonthEnd(), panel_of(flat(8))))
        assert "none of the 8 sessions from 2024-01-02 to 2024-01-11" in told
        assert "month_end" in told

    def test_t34_targets_without_a_value(self) -> None:
        bars = flat(8)
        bars["volume"][:] = NAN
        told = self.why(run(Traded(), panel_of(bars)))
        assert "none of its 8 targets had a value" in told
        assert "volume" in told

    def test_t34_shorts_are_said_to_be_left_out(self) -> None:
        result = run(Short(), panel_of(flat(8)))
        assert any("7 negative targets were taken as 0" in warning for warning in result.warnings)
        assert {REASONS[reason - 1].value for reason in result.simulation.journal.refusals.reason} == {
            "short_not_allowed"
        }
