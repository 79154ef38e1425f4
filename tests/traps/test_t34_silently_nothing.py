"""A run that trades nothing and does not say why."""

from __future__ import annotations

from tests.backtest.strategies import MonthEnd, Rebalanced, Short, Threshold, Traded
from tests.execution.markets import panel_of
from tests.traps.made import NAN, flat

from midas.backtest.run import run
from midas.portfolio.journal import REASONS


class TestT34SilentlyNothing:
    def why(self, result) -> str:  # type: ignore[no-untyped-def]
        (told,) = [warning for warning in result.warnings if warning.startswith("Nothing was traded")]
        return told

    def test_t34_a_condition_that_never_held(self) -> None:
        told = self.why(run(Threshold(level=1000.0), panel_of(flat(8))))
        assert "asked on 8 of 8 sessions" in told
        assert "all 8 targets were 0 or less" in told

    def test_t34_orders_that_were_all_refused(self) -> None:
        told = self.why(run(Rebalanced(), panel_of(flat(8)), initial_capital=50))
        assert "8 positive targets" in told
        assert "below_lot 7" in told

    def test_t34_a_schedule_that_never_came(self) -> None:
        told = self.why(run(MonthEnd(), panel_of(flat(8))))
        assert "none of the 8 sessions from 2024-01-02 to 2024-01-11" in told
        assert "month_end" in told

    def test_t34_targets_without_a_value(self) -> None:
        bars = flat(8)
        bars["volume"][:] = NAN
        told = self.why(run(Traded(), panel_of(bars)))
        assert "none of its 8 targets had a value" in told
        assert "volume" in told

    def test_t34_shorts_are_said_to_be_left_out(self) -> None:
        result = run(Short(), panel_of(flat(8)))
        assert any("7 negative targets were taken as 0" in warning for warning in result.warnings)
        assert {REASONS[reason - 1].value for reason in result.simulation.journal.refusals.reason} == {
            "short_not_allowed"
        }
