"""What a fill costs is known before its bar closes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import FIELDS, KOREA, panel_of, random_market, random_weights
from tests.traps.made import trade

from midas.core.basis import Basis
from midas.execution.dealing import Dealing

seeds = st.integers(0, 2**32 - 1)


class TestT4LookAheadInCosts:
    @settings(max_examples=60, deadline=None)
    @given(seeds, st.integers(4, 19), st.sampled_from(["", "sqrt=0.2,half_spread=1tick", "volume_share=5"]),
           st.sampled_from([Basis.RAW, Basis.SPLIT_ADJUSTED]))  # fmt: skip
    def test_t04_a_bars_close_changes_nothing_of_its_own_fills(
        self, seed: int, row: int, slippage: str, basis: Basis
    ) -> None:
        """Adjusted prices have no ticks, onto which a small look ahead would be rounded away."""
        panel = random_market(seed, 3, 20, KOREA).panel
        raw = {name: panel.matrix(f"raw_{name}") for name in FIELDS}
        panel = panel_of(raw, currency="KRW", venue="XKRX", actions=panel.actions, basis=basis)
        closes = raw["close"].copy()
        inside = raw["low"] + np.random.default_rng(seed).random(closes.shape) * (raw["high"] - raw["low"])
        closes[row] = np.where(np.isnan(inside[row]), closes[row], np.round(inside[row]))
        other = panel_of(raw | {"close": closes}, currency="KRW", venue="XKRX", actions=panel.actions, basis=basis)
        weights = random_weights(seed, 20, 3)
        dealing = Dealing(slippage=slippage)
        before, after = (trade(one, weights, dealing=dealing).journal for one in (panel, other))
        upto = [np.column_stack((j.fills.row, j.fills.column, j.fills.price, j.fills.quantity, j.fills.commission,
                                 j.fills.tax))[j.fills.row <= row] for j in (before, after)]  # fmt: skip
        np.testing.assert_array_equal(*upto)
        refused = [j.refusals.reason[(j.refusals.row <= row) & (j.refusals.number >= 0)] for j in (before, after)]
        np.testing.assert_array_equal(*refused)
