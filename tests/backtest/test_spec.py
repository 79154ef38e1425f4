"""Questions that make no sense are refused with what to do instead."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.execution.markets import FIELDS, panel_of

from midas.backtest.run import run
from midas.backtest.spec import spec_of
from midas.core.errors import InvalidInput, NotFound
from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.exits import StopLoss
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.sma_cross import SmaCross
from midas.strategies.strategy import Strategy

PANEL = panel_of({name: [100.0] * 30 for name in FIELDS})


class Stopped(Strategy):
    """Carries an exit."""

    exits = (StopLoss(0.1),)

    def targets(self, m: Market) -> Node:
        return (m.close > 0).slot()


class TestRefused:
    @pytest.mark.parametrize("capital", [0, -1, "-0.01", math.nan, math.inf, 1e30, "1e16", "ten", "0.004"])
    def test_capital(self, capital: object) -> None:
        with pytest.raises(InvalidInput, match="initial capital cannot be") as refused:
            run(BuyAndHold(), PANEL, initial_capital=capital)  # type: ignore[arg-type]
        assert refused.value.code == "bad_capital"
        assert "1,000,000,000,000,000" in refused.value.hint

    @pytest.mark.parametrize("bps", [-1.0, -0.001, math.nan, math.inf, 5_000.1])
    def test_costs(self, bps: float) -> None:
        with pytest.raises(InvalidInput, match="commission cannot be"):
            run(BuyAndHold(), PANEL, commission_bps=bps)
        with pytest.raises(InvalidInput, match="slippage cannot be"):
            run(BuyAndHold(), PANEL, slippage_bps=bps)

    def test_end_before_start(self) -> None:
        with pytest.raises(InvalidInput, match="The end 2024-01-03 is before the start 2024-01-04"):
            run(BuyAndHold(), PANEL, start=date(2024, 1, 4), end=date(2024, 1, 3))

    @pytest.mark.parametrize(
        ("start", "end"), [(date(2030, 1, 1), None), (None, date(2000, 1, 1)), (date(2024, 1, 6), date(2024, 1, 7))]
    )
    def test_empty_range(self, start: date | None, end: date | None) -> None:
        with pytest.raises(InvalidInput, match="has no session from") as refused:
            run(BuyAndHold(), PANEL, start=start, end=end)
        assert refused.value.hint == "It covers 2024-01-02 to 2024-02-12."

    def test_a_range_without_bars(self) -> None:
        bars = {name: [math.nan] * 10 + [100.0] * 20 for name in FIELDS}
        with pytest.raises(InvalidInput, match="None of the 1 instruments has a bar"):
            run(BuyAndHold(), panel_of(bars), end=date(2024, 1, 10))

    def test_a_warm_up_longer_than_the_data(self) -> None:
        with pytest.raises(InvalidInput, match="needs 60 sessions before its first decision") as refused:
            run(SmaCross(), PANEL)
        assert refused.value.code == "too_short"

    def test_unknown_benchmark(self) -> None:
        with pytest.raises(NotFound, match="no benchmark 'N001'") as refused:
            run(BuyAndHold(), PANEL, benchmark="N001")
        assert "Did you mean 'N000'?" in refused.value.hint

    def test_no_instruments(self) -> None:
        with pytest.raises(InvalidInput, match="no instruments"):
            run(BuyAndHold(), replace(PANEL, instruments=()))

    @pytest.mark.parametrize("lots", ["", "odd", None])
    def test_lots(self, lots: object) -> None:
        with pytest.raises(InvalidInput, match="Lots cannot be"):
            run(BuyAndHold(), PANEL, lots=lots)  # type: ignore[arg-type]

    @pytest.mark.parametrize("cap", [0.0, -0.1, 1.1, math.nan])
    def test_volume_cap(self, cap: float) -> None:
        with pytest.raises(InvalidInput, match="volume cap cannot be"):
            run(BuyAndHold(), PANEL, volume_cap=cap)


class TestSpecOf:
    def test_capital_depends_on_the_currency(self) -> None:
        assert spec_of(BuyAndHold(), PANEL).initial_capital == 100_000
        won = panel_of({name: [100.0] * 3 for name in FIELDS}, currency="KRW", venue="XKRX")
        assert spec_of(BuyAndHold(), won).initial_capital == 100_000_000

    @pytest.mark.parametrize("capital", [1000, 1000.0, "1e3", Decimal("1000.00")])
    def test_the_same_amount_is_the_same_spec(self, capital: object) -> None:
        spec = spec_of(BuyAndHold(), PANEL, initial_capital=capital)  # type: ignore[arg-type]
        assert spec.to_json() == spec_of(BuyAndHold(), PANEL, initial_capital=1000).to_json()

    def test_the_largest_capital_runs(self) -> None:
        result = run(BuyAndHold(), PANEL, initial_capital="1e15")
        assert result.equity[0] == 1e15
