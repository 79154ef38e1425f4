"""Off the tick, beyond the limit, in a locked bar."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import FIELDS, KOREA, panel_of, random_market, random_weights
from tests.execution.possible import assert_possible
from tests.traps.made import flat

from midas.backtest.run import run
from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.simulation import simulate
from midas.execution.terms import AccountTerms
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue

seeds = st.integers(0, 2**32 - 1)


class TestT9ImpossibleFill:
    @settings(max_examples=40, deadline=None)
    @given(seeds, st.booleans(), st.sampled_from([0.0, 7.0, 120.0]))
    def test_t09_no_fill_is_off_tick_or_beyond_the_limit(self, seed: int, by_change: bool, slippage: float) -> None:
        made = random_market(seed, 3, 30, KOREA)
        raw = {name: made.panel.matrix(f"raw_{name}") for name in FIELDS}
        panel = panel_of(raw, currency="KRW", venue="XKRX")
        market = venue("XKRX")
        world = conditions(
            panel,
            rule_arrays(market, panel.instruments, panel.sessions),
            AccountTerms(Money(10**9, "KRW"), slippage_bps=slippage),
        )
        simulation = simulate(
            world, np.arange(30), random_weights(seed, 30, 3), first=0, stop=30, capital=10**9, by_change=by_change
        )
        assert_possible(simulation, panel, market)

    def test_t09_a_bar_locked_at_its_limit_does_not_fill(self) -> None:
        bars = flat(4, price=10_000.0)
        for name in ("open", "high", "low", "close"):
            bars[name][1] = 13_000.0
        panel = panel_of(bars, currency="KRW", venue="XKRX")
        result = run(BuyAndHold(), panel, initial_capital=1_000_000)
        assert result.rejects()["reason"].to_list() == ["locked_limit"]
        assert len(result.fills()) == 0

    def test_t09_a_bar_locked_elsewhere_fills(self) -> None:
        bars = flat(4, price=10_000.0)
        for name in ("open", "high", "low", "close"):
            bars[name][1] = 12_000.0
        panel = panel_of(bars, currency="KRW", venue="XKRX")
        result = run(BuyAndHold(), panel, initial_capital=1_000_000)
        assert result.fills()["price"].to_list() == [12_000.0]
