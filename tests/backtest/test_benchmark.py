"""Benchmarks against pandas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tests.execution.markets import AMERICA, FIELDS, panel_of, random_market

from midas.backtest.benchmark import benchmark
from midas.backtest.run import run
from midas.backtest.window import Window
from midas.core.errors import InvalidInput
from midas.strategies.library.buy_and_hold import BuyAndHold

NAN = math.nan


def rows(first: int, stop: int) -> Window:
    return Window(0, first, first, stop)


class TestEqualWeight:
    @pytest.mark.parametrize(("seed", "names"), [(1, 3), (2, 40), (3, 70)])
    def test_equals_pandas(self, seed: int, names: int) -> None:
        panel = random_market(seed, names, 50, AMERICA).panel
        found = benchmark(panel, rows(6, 45), None)
        window = pd.DataFrame(panel.matrix("close")).iloc[6:45]
        started = window.loc[:, window.iloc[0].notna()].ffill()
        growth = (started / started.iloc[0]).mean(axis=1)
        np.testing.assert_allclose(found.growth, growth, rtol=1e-12)
        seen = window.loc[:, window.notna().any()]
        change = (seen.ffill().iloc[-1] / seen.bfill().iloc[0] - 1).mean()
        assert found.market_change == pytest.approx(change)
        assert found.names_seen == seen.shape[1]

    def test_nothing_trades_on_the_first_row(self) -> None:
        panel = panel_of({name: [NAN, 10.0, 12.0] for name in FIELDS})
        assert benchmark(panel, rows(0, 3), None).growth.tolist() == [1.0, 1.0, 1.0]


class TestSingle:
    def test_the_last_known_close_counts(self) -> None:
        closes = np.array([[10.0, 5.0], [NAN, 5.0], [12.0, 5.0], [NAN, 5.0]])
        panel = panel_of(dict.fromkeys(FIELDS[:4], closes) | {"volume": np.full((4, 2), 1e6)})
        assert benchmark(panel, rows(0, 4), "N000").growth.tolist() == [1.0, 1.0, 1.2, 1.2]
        assert benchmark(panel, rows(1, 4), "N000.XNAS").growth.tolist() == [1.0, 1.2, 1.2]

    def test_may_come_from_another_panel_with_other_sessions(self) -> None:
        panel = panel_of({name: [10.0] * 4 for name in FIELDS}, start="2024-01-04")
        other = panel_of({name: [1.0, 2.0, 3.0, 6.0] for name in FIELDS}, symbols=("SPY",), start="2024-01-02")
        assert benchmark(panel, rows(0, 4), "spy", other).growth.tolist() == [1.0, 2.0, 2.0, 2.0]

    def test_without_a_price_at_the_start_it_is_refused(self) -> None:
        closes = np.array([[NAN, 5.0], [10.0, 5.0], [11.0, 5.0]])
        panel = panel_of(dict.fromkeys(FIELDS[:4], closes) | {"volume": np.full((3, 2), 1e6)})
        with pytest.raises(InvalidInput, match="no price by 2024-01-02"):
            run(BuyAndHold(), panel, benchmark="N000")
