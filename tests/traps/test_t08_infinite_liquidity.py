"""More than a bar traded, or the same liquidity twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import KOREA, panel_of, random_market, random_weights
from tests.traps.made import flat, trade

from midas.backtest.run import run
from midas.strategies.library.buy_and_hold import BuyAndHold

seeds = st.integers(0, 2**32 - 1)


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
