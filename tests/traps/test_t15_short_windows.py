"""Numbers per year from a few weeks."""

from __future__ import annotations

from tests.execution.markets import panel_of
from tests.traps.made import wave

from midas.backtest.run import run
from midas.strategies.library.buy_and_hold import BuyAndHold


class TestT15ShortWindows:
    def test_t15_below_ninety_days_nothing_is_told_per_year(self) -> None:
        result = run(BuyAndHold(), panel_of(wave(40)))
        per_year = ("cagr", "volatility", "sharpe", "sortino", "calmar", "turnover", "alpha")
        assert [result.summary[key] for key in per_year] == [None] * len(per_year)
        assert result.summary["total_return"] is not None
        assert any("below 90" in warning for warning in result.warnings)
