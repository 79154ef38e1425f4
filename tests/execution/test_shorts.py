"""Short selling, margin, margin calls and bankruptcy against the plain oracle, and the ledger of it all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, KOREA, Made, random_market
from tests.execution.plain_account import PlainAccount
from tests.execution.plain_rules import exact
from tests.execution.test_exits import exits_of
from tests.execution.test_simulation import assert_same, run_midas, run_plainly

from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.dealing import Dealing
from midas.execution.guards import guards
from midas.execution.simulation import Simulation
from midas.execution.terms import AccountTerms
from midas.kernels.fill import SCALE
from midas.portfolio.ledger import LedgerAccount, ledger
from midas.portfolio.timeline import timeline
from midas.portfolio.trades import Prices, round_trips

seeds = st.integers(0, 2**32 - 1)
CHOSEN: list[dict[str, str]] = [
    {},
    {},
    {"stop_loss": "0.1"},
    {"trailing_stop": "0.05", "take_profit": "0.1"},
    {"time_stop": "3"},
]


def both_ways(seed: int, rows: int, names: int, size: float) -> np.ndarray:
    draw = np.random.default_rng(seed)
    weights = draw.choice(np.array([0.0, 0.2, 0.5, 1.0, -0.2, -0.5, -1.0, np.nan]), (rows, names)) * size
    keep = draw.random((rows, names)) < 0.6
    for row in range(1, rows):
        weights[row, keep[row]] = weights[row - 1, keep[row]]
    weights[draw.random(rows) < 0.2] = np.nan
    return weights


def lived(
    seed: int,
    korea: bool,
    by_change: bool,
    size: float,
    chosen: dict[str, str],
    margins: tuple[float, float] = (0.5, 0.3),
) -> tuple[Made, Simulation, PlainAccount]:
    base = KOREA if korea else AMERICA
    market = random_market(seed, 3, 40, base)
    days = np.diff(market.panel.sessions.astype("datetime64[D]").astype(int), prepend=0)
    rules = replace(
        base, shorts=True, borrow_day=exact(200.0) / 10_000 / 365, days=lambda row: int(days[row]),
        initial=exact(margins[0]), maintenance=exact(margins[1]), banned=lambda row: korea,  # 2024 lies in the ban
        exits={key: exact(value) for key, value in chosen.items()},
    )  # fmt: skip
    dealing = Dealing(allow_short=True, borrow_bps=200.0, initial_margin=margins[0], maintenance_margin=margins[1])
    weights = both_ways(seed + 1, 40, 3, size)
    ours = run_midas(market, rules, weights, 10_000_000, by_change, exits=guards(exits_of(chosen), {}), dealing=dealing)
    return market, ours, run_plainly(market, rules, weights, 10_000_000, by_change)


class TestAgainstTheOracle:
    @settings(max_examples=60, deadline=None)
    @given(
        seed=seeds, korea=st.booleans(), by_change=st.booleans(), size=st.sampled_from([0.3, 1.0, 3.0]),
        chosen=st.sampled_from(CHOSEN), margins=st.sampled_from([(0.5, 0.3), (0.2, 0.1), (0.1, 0.0)]),
    )  # fmt: skip
    def test_any_margin_account(
        self, seed: int, korea: bool, by_change: bool, size: float, chosen: dict[str, str], margins: tuple[float, float]
    ) -> None:
        _, ours, plain = lived(seed, korea, by_change, size, chosen, margins)
        assert_same(ours, plain)

    def test_the_random_accounts_are_called_and_ruined(self) -> None:
        causes, ruined = set(), 0
        for seed in range(40):
            _, ours, plain = lived(seed, False, True, 3.0, {}, (0.1, 0.05))
            assert_same(ours, plain)
            causes |= set(plain.causes)
            ruined += plain.ruined >= 0
            assert (ours.equity >= 0).all()
        assert "margin_call" in causes
        assert ruined > 0


class TestLedger:
    @settings(max_examples=30, deadline=None)
    @given(seed=seeds, by_change=st.booleans(), size=st.sampled_from([1.0, 3.0]))
    def test_debits_are_credits_and_trades_explain_the_equity(self, seed: int, by_change: bool, size: float) -> None:
        market, ours, _ = lived(seed, False, by_change, size, {"stop_loss": "0.1"}, (0.1, 0.05))
        world = conditions(market.panel, market.arrays, AccountTerms(Money(10_000_000, "USD")))
        entries = timeline(ours.journal)
        prices = Prices(world.highs, world.lows, world.closes, world.happenings)
        trips = round_trips(entries, 3, ours.stop, world.terms[SCALE], prices)
        opens = entries.side == trips.side[trips.trade_of] if len(trips) else np.zeros(len(entries), bool)
        book = ledger(10_000_000, 0, entries, trips.cost_out, opens)
        book.verify(ours.cash, 0)
        written_off = book.balance(LedgerAccount.DEFICIT)
        assert int(trips.pnl.sum()) - written_off == int(ours.equity[-1]) - 10_000_000
        if trips.closed.all():
            assert book.balance(LedgerAccount.SECURITIES) == 0
