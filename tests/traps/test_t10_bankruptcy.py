"""An account that loses more than it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backtest.strategies import Short
from tests.execution.markets import FIELDS, KOREA, panel_of, random_market, random_weights
from tests.traps.made import flat, trade

from midas.backtest.result import Result
from midas.backtest.run import run
from midas.execution.dealing import Dealing
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.panel import Panel
from midas.portfolio.journal import CAUSES
from midas.strategies.schedule import Every

seeds = st.integers(0, 2**32 - 1)


def fall_and_rise(*closes: float) -> Panel:
    prices = np.array(closes)[:, None]
    bars = {name: prices.copy() for name in FIELDS[:4]} | {"volume": np.full(prices.shape, 1e9)}
    return panel_of(bars)


SHORTING = Dealing(allow_short=True, borrow_bps=0.0)


class TestT10Bankruptcy:
    def test_t10_a_ruined_account_stays_ruined(self) -> None:
        # short 100 shares at 100: at 250 the account owes 25,000 and has 20,000
        panel = fall_and_rise(100, 100, 110, 250, 50, 40, 30)
        result = run(Short(), panel, initial_capital=10_000, commission_bps=0, dealing=SHORTING)
        assert result.equity.tolist() == [10_000, 10_000, 9_000, 0, 0, 0, 0]
        assert result.fills()["ts"].max() == date(2024, 1, 5)
        assert any(warning.startswith("Bankrupt on 2024-01-05") for warning in result.warnings)
        result.ledger().verify(result.simulation.cash, result.simulation.first)

    def test_t10_below_maintenance_everything_is_closed_at_the_next_open(self) -> None:
        # at 160 the equity of 4,000 is a quarter of the 16,000 owed; at 165 3,500 are left
        panel = fall_and_rise(100, 100, 160, 165, 400, 400)
        held = replace(Short().definition(), every=Every.ONCE)
        result = run(held, panel, initial_capital=10_000, commission_bps=0, dealing=SHORTING)
        assert exit_of_short(result) == (3, 165.0, "margin_call")
        assert result.equity[2:].tolist() == [4_000, 3_500, 3_500, 3_500]
        assert any("maintenance margin" in warning for warning in result.warnings)

    def test_t10_a_short_owes_dividends_and_its_fee(self) -> None:
        kind = np.array([ActionKind.CASH_DIVIDEND], np.int8)
        actions = Actions(np.array([2]), np.array([0]), kind, np.array([1.0]))
        panel = panel_of(flat(4), actions=actions)
        dealing = Dealing(allow_short=True, borrow_bps=365.0)
        held = replace(Short().definition(), every=Every.ONCE)
        result = run(held, panel, initial_capital=10_000, commission_bps=0, dealing=dealing)
        # 10,000 borrowed at 3.65 % a year is 1.00 a day; 100 shares owe 100.00
        assert result.equity.tolist() == [10_000, 10_000, 9_899, 9_898]
        assert result.trades()["side"].to_list() == ["short"]

    @settings(max_examples=30, deadline=None)
    @given(seeds, st.booleans())
    def test_t10_without_shorts_equity_and_cash_never_fall_below_nothing(self, seed: int, by_change: bool) -> None:
        simulation = trade(random_market(seed, 3, 30, KOREA).panel, random_weights(seed, 30, 3) * 3, by_change)
        assert (simulation.cash >= 0).all()
        assert (simulation.equity >= 0).all()

    def test_t10_what_margin_does_not_cover_is_refused(self) -> None:
        dealing = Dealing(allow_short=True, borrow_bps=0.0, initial_margin=1.0)
        panel = fall_and_rise(100, 100, 100)
        bars = {name: panel.matrix(f"raw_{name}").copy() for name in FIELDS}
        bars["open"][1] = bars["high"][1] = 125.0
        result = run(Short(), panel_of(bars), initial_capital=10_000, commission_bps=0, dealing=dealing)
        # 100 shares were decided at 100.00; at 125.00 the equity covers 80
        assert result.fills()["quantity"][0] == 80.0
        assert result.reject_counts["margin"] == 1

    def test_t10_nothing_new_is_sold_short_under_a_ban(self) -> None:
        bars = flat(6)
        panel = panel_of(bars, currency="KRW", venue="XKRX", start="2024-01-02")
        result = run(Short(), panel, dealing=SHORTING)
        assert len(result.fills()) == 0
        assert set(result.reject_counts) == {"short_banned"}
        free = panel_of(bars, currency="KRW", venue="XKRX", start="2023-01-02")
        assert run(Short(), free, dealing=SHORTING).fills()["side"][0] == "sell"


def exit_of_short(result: Result) -> tuple[int, float, str]:
    fills = result.simulation.journal.fills
    (at,) = np.flatnonzero(fills.side > 0)
    return int(fills.row[at]), float(fills.price[at]), CAUSES[fills.cause[at] - 1].value
