"""A price nobody traded at."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backtest.strategies import Rebalanced
from tests.execution.markets import FIELDS, KOREA, panel_of, random_market, random_weights
from tests.traps.made import NAN, flat, trade

from midas.backtest.run import run

seeds = st.integers(0, 2**32 - 1)


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
