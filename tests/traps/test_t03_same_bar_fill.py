"""A decision and its fill on one bar."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backtest.strategies import Threshold
from tests.execution.markets import KOREA, panel_of, random_market, random_weights
from tests.traps.made import flat, trade

from midas.backtest.run import run

seeds = st.integers(0, 2**32 - 1)


class TestT3SameBarFill:
    @settings(max_examples=30, deadline=None)
    @given(seeds, st.booleans())
    def test_t03_every_fill_is_a_bar_after_its_decision(self, seed: int, by_change: bool) -> None:
        panel = random_market(seed, 3, 30, KOREA).panel
        fills = trade(panel, random_weights(seed, 30, 3), by_change).journal.fills
        assert (fills.row == fills.decided + 1).all()
        np.testing.assert_array_equal(fills.price, panel.matrix("raw_open")[fills.row, fills.column])

    def test_t03_the_price_is_the_next_open_not_the_close_decided_on(self) -> None:
        bars = flat(6)
        # the close decided on lies inside the next bar too: nothing but the open may fill
        bars["close"][2], bars["high"][2] = 120.0, 120.0
        bars["open"][3], bars["high"][3] = 125.0, 130.0
        (fill,) = run(Threshold(level=110.0), panel_of(bars)).fills().head(1).to_dicts()
        assert (fill["ts"], fill["price"]) == (date(2024, 1, 5), 125.0)
