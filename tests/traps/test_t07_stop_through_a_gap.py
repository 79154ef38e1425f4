"""Stops and take-profits at prices the market jumped over."""

from __future__ import annotations

from dataclasses import replace

from tests.backtest.strategies import Threshold
from tests.execution.markets import panel_of
from tests.traps.made import NAN, QUIET, bars_of, exit_of, stopped

from midas.backtest.run import run
from midas.core.basis import Basis
from midas.strategies.exits import StopLoss, TakeProfit, TimeStop, TrailingStop
from midas.strategies.schedule import Every


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
