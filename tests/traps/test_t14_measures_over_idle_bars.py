"""Measures that change with bars on which nothing happened, or leave open losses out."""

from __future__ import annotations

from datetime import date

import numpy as np
from tests.execution.markets import panel_of
from tests.traps.made import NAN, flat, wave

from midas.backtest.run import run
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.sma_cross import SmaCross


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
