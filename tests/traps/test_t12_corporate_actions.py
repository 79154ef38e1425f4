"""Splits, dividends and rights that break profit, stops and indicators."""

from __future__ import annotations

import numpy as np
import pytest
from tests.execution.markets import panel_of
from tests.traps.made import QUIET, bars_of, exit_of, flat, stopped, wave

from midas.backtest.run import run
from midas.core.basis import Basis
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.panel import Panel
from midas.strategies.exits import AtrStop, Exit, StopLoss, TakeProfit, TrailingStop
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.sma_cross import SmaCross


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

    @pytest.mark.parametrize("kind", [ActionKind.CASH_DIVIDEND, ActionKind.RIGHTS])
    @pytest.mark.parametrize("policy", [StopLoss(0.1), TrailingStop(0.1), AtrStop(2.0, n=2)])
    def test_t12_what_a_share_gives_away_trips_no_stop(self, kind: ActionKind, policy: Exit) -> None:
        """A spin-off, or a right, of 60 of 100, and a real fall of 12 % the day after."""
        rows = [QUIET] * 40 + [(40.0, 40.4, 39.6, 40.0), (40.0, 40.0, 35.2, 36.0), (36.0, 36.4, 35.6, 36.0)]
        value = 60.0 if kind is ActionKind.CASH_DIVIDEND else 2.5
        actions = Actions(np.array([40]), np.array([0]), np.array([kind], np.int8), np.array([value]))
        panel = panel_of(bars_of(*rows), basis=Basis.SPLIT_ADJUSTED, actions=actions)
        result = run(stopped(policy), panel, initial_capital=100_000, commission_bps=0)
        assert exit_of(result)[0] == 41
        # 1,000 shares: worth 100,000 before, 40,000 and as much cash after
        np.testing.assert_allclose(result.equity[:-2], 100_000.0, rtol=1e-12)
        assert result.cash[-3] == 60_000.0
