"""A price from before a halt."""

from __future__ import annotations

from tests.backtest.strategies import Threshold
from tests.execution.markets import panel_of
from tests.traps.made import NAN, flat

from midas.backtest.run import run
from midas.strategies.library.buy_and_hold import BuyAndHold


class TestT6StalePrice:
    def test_t06_a_halted_name_rejects_with_the_reason(self) -> None:
        bars = flat(4)
        for name in ("open", "high", "low"):
            bars[name][1] = NAN
        bars["volume"][1] = 0
        rejects = run(BuyAndHold(), panel_of(bars)).rejects()
        assert rejects["reason"].to_list() == ["halted"]

    def test_t06_a_bar_without_volume_rejects_with_the_reason(self) -> None:
        bars = flat(4)
        bars["volume"][1] = 0
        assert run(BuyAndHold(), panel_of(bars)).rejects()["reason"].to_list() == ["no_volume"]

    def test_t06_an_exit_that_met_a_halt_is_tried_again(self) -> None:
        bars = flat(8)
        bars["close"][4:] = 90.0
        bars["low"][4:] = 90.0
        for name in ("open", "high", "low"):
            bars[name][5:7] = NAN
        bars["volume"][5:7] = 0
        result = run(Threshold(level=95.0), panel_of(bars))
        assert result.fills()["side"].to_list() == ["buy", "sell"]
        assert str(result.fills()["ts"][-1]) == str(result.panel.sessions[7])
        assert result.reject_counts["halted"] == 2
