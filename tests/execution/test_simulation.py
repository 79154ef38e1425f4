"""The kernel against the plain oracle, fill by fill."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import (
    AMERICA,
    FIELDS,
    INDIA,
    KOREA,
    Made,
    made,
    panel_of,
    random_market,
    random_weights,
    with_terms,
)
from tests.execution.plain_account import PlainAccount
from tests.execution.plain_rules import PlainRules

from midas.core.basis import Basis
from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.dealing import Dealing
from midas.execution.guards import Guards
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms
from midas.portfolio.journal import CAUSES, REASONS, EventKind

ALL_ROWS = None
_PAYMENTS = {
    EventKind.DIVIDEND: "dividend",
    EventKind.CASH_IN_LIEU: "in lieu",
    EventKind.DELISTED: "delisted",
    EventKind.INTEREST: "interest",
    EventKind.BORROW_FEE: "borrowed",
    EventKind.SEIZED: "seized",
    EventKind.WRITTEN_OFF: "written off",
}


def run_midas(
    market: Made, rules: PlainRules, weights: np.ndarray, capital: int, by_change: bool, first: int = 0,
    stop: int | None = ALL_ROWS, exits: Guards | None = None, dealing: Dealing | None = None,
) -> Simulation:  # fmt: skip
    panel = market.panel
    terms = AccountTerms(
        Money(capital, panel.currency),
        slippage_bps=float(rules.slippage * 10_000),
        lots="fractional" if rules.lot < 1 else "whole",
        volume_cap=float(rules.volume_cap),
        dealing=dealing or Dealing(),
    )
    stop = panel.rows if stop is None else stop
    return simulate(
        conditions(panel, market.arrays, terms), np.arange(first, stop), weights[first:stop],
        first=first, stop=stop, capital=capital, by_change=by_change, exits=exits,
    )  # fmt: skip


def run_plainly(
    market: Made, rules: PlainRules, weights: np.ndarray, capital: int, by_change: bool, first: int = 0,
    stop: int | None = ALL_ROWS, ranges: dict[tuple[int, int], float] | None = None,
    gone: dict[tuple[int, int], Fraction] | None = None,
) -> PlainAccount:  # fmt: skip
    account = PlainAccount(
        market.bars,
        rules,
        capital,
        by_change,
        market.splits,
        market.dividends,
        ranges or {},
        gone or {},
        market.rights,
    )
    stop = market.panel.rows if stop is None else stop
    return account.run(first, stop, lambda row: [float(weight) for weight in weights[row]])


def assert_same(simulation: Simulation, account: PlainAccount, quantity_slack: float = 0.0) -> None:
    fills = simulation.journal.fills
    whole = np.stack([fills.row, fills.column, fills.side, fills.number, fills.value, fills.commission, fills.tax], 1)
    plain = np.array([(*f[:4], *f[6:]) for f in account.fills], np.int64).reshape(-1, 7)
    np.testing.assert_array_equal(whole, plain)
    np.testing.assert_allclose(fills.quantity, [f[4] for f in account.fills], rtol=0, atol=quantity_slack)
    np.testing.assert_allclose(fills.price, [f[5] for f in account.fills], rtol=1e-14, atol=0)
    assert fills.decided.tolist() == account.decided
    causes = ["" if cause == 0 else CAUSES[cause - 1].value for cause in fills.cause]
    assert causes == account.causes
    refusals = simulation.journal.refusals
    found = [
        (int(row), int(column), int(side), REASONS[reason - 1].value)
        for row, column, side, reason in zip(refusals.row, refusals.column, refusals.side, refusals.reason, strict=True)
    ]
    assert sorted(found) == sorted(account.refusals)
    events = simulation.journal.events
    paid = [
        (int(row), int(column), _PAYMENTS[EventKind(kind)], int(amount))
        for row, column, kind, amount in zip(events.row, events.column, events.kind, events.amount, strict=True)
        if kind != EventKind.SPLIT
    ]
    assert paid == account.payments
    assert simulation.ruined == account.ruined
    np.testing.assert_array_equal(simulation.cash, account.cashes)
    np.testing.assert_array_equal(simulation.equity, account.equity)


class TestAgainstTheOracle:
    @settings(max_examples=150, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        names=st.integers(1, 5),
        rows=st.integers(2, 40),
        base=st.sampled_from([KOREA, AMERICA, INDIA]),
        by_change=st.booleans(),
        capital=st.sampled_from([0, 500, 100_000, 10_000_000, 5_000_000_000]),
        slippage=st.sampled_from(["0", "0.0005", "0.01"]),
        cap=st.sampled_from(["0.1", "1", "0.003"]),
    )
    def test_whole_lots(
        self, seed: int, names: int, rows: int, base: PlainRules, by_change: bool, capital: int, slippage: str, cap: str
    ) -> None:
        rules = with_terms(base, slippage=Fraction(slippage), volume_cap=Fraction(cap))
        market = random_market(seed, names, rows, rules)
        weights = random_weights(seed + 1, rows, names)
        args = (market, rules, weights, capital, by_change)
        assert_same(run_midas(*args), run_plainly(*args))

    @settings(max_examples=60, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        by_change=st.booleans(),
        capital=st.sampled_from([1, 99_999, 12_345_678]),
    )
    def test_fractions(self, seed: int, by_change: bool, capital: int) -> None:
        nano = Fraction("1e-9")
        rules = with_terms(AMERICA, lot=nano, unit=nano, buy_rate=Fraction("0.0015"))
        market = random_market(seed, 3, 25, rules)
        weights = random_weights(seed + 1, 25, 3)
        args = (market, rules, weights, capital, by_change)
        assert_same(run_midas(*args), run_plainly(*args), quantity_slack=2e-9)

    @settings(max_examples=30, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1), first=st.integers(0, 8), stop=st.integers(9, 20), lot=st.sampled_from([10, 100])
    )
    def test_part_of_the_rows_and_big_lots(self, seed: int, first: int, stop: int, lot: int) -> None:
        rules = with_terms(KOREA, lot=Fraction(lot))
        market = random_market(seed, 3, 20, rules)
        weights = random_weights(seed + 1, 20, 3)
        args = (market, rules, weights, 50_000_000, False, first, stop)
        assert_same(run_midas(*args), run_plainly(*args))

    @settings(max_examples=30, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans(), slippage=st.sampled_from(["0", "0.00123"]))
    def test_closes_alone(self, seed: int, by_change: bool, slippage: str) -> None:
        source = random_market(seed, 3, 25, AMERICA)
        closes = source.panel.matrix("raw_close")
        panel = panel_of({"close": closes}, basis=Basis.CLOSE_ONLY)
        rules = with_terms(AMERICA, ladder=(), slippage=Fraction(slippage), has_range=False, has_volume=False)
        market = made(panel, rules)
        weights = random_weights(seed + 1, 25, 3)
        args = (market, rules, weights, 10_000_000, by_change)
        assert_same(run_midas(*args), run_plainly(*args))

    @settings(max_examples=30, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans())
    def test_adjusted_prices_know_no_grid_and_no_limits(self, seed: int, by_change: bool) -> None:
        source = random_market(seed, 3, 25, KOREA)
        fields = {
            name: source.panel.matrix(f"raw_{name}")
            if name == "volume"
            else np.round(source.panel.matrix(f"raw_{name}") * 0.7373, 2)
            for name in FIELDS
        }
        panel = panel_of(fields, basis=Basis.SPLIT_ADJUSTED, currency="KRW", venue="XKRX")
        rules = with_terms(KOREA, slippage=Fraction("0.0007"))
        market = made(panel, rules)
        free = with_terms(rules, ladder=(), limit=None)
        weights = random_weights(seed + 1, 25, 3)
        ours = run_midas(market, rules, weights, 10_000_000, by_change)
        assert_same(ours, run_plainly(market, free, weights, 10_000_000, by_change))
