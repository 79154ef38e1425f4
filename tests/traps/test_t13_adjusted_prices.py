"""Adjusted prices where raw ones belong."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.execution.markets import panel_of
from tests.traps.made import flat

from midas.backtest.run import run
from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.marketdata.actions import ActionKind, Actions
from midas.strategies.library.buy_and_hold import BuyAndHold


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
