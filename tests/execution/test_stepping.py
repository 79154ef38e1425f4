"""An account that meets one bar after the other is the one that met them all at once, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, INDIA, KOREA, random_market, random_weights, with_terms
from tests.execution.test_exits import exits_of
from tests.execution.test_shorts import both_ways

from midas.core.errors import InvalidInput
from midas.core.money import Money
from midas.execution.conditions import Conditions, conditions
from midas.execution.dealing import Dealing
from midas.execution.guards import Guards, guards
from midas.execution.simulation import Simulation, simulate
from midas.execution.stepping import Orders, SteppedAccount
from midas.execution.terms import AccountTerms
from midas.portfolio.journal import Journal

ROWS, NAMES, CAPITAL = 40, 4, 10_000_000
MARKETS = {"korea": KOREA, "america": AMERICA, "india": INDIA}
WAITING = ("sell_lock", "settles_after", "unsettled_buys")

seeds = st.integers(0, 2**32 - 1)
lives = st.fixed_dictionaries(
    {
        "seed": seeds,
        "rules": st.sampled_from(sorted(MARKETS)),
        "by_change": st.booleans(),
        "first": st.integers(0, 5),
        "cap": st.sampled_from([0.1, 1.0, 0.003]),
        "sell_lock": st.sampled_from([0, 1, 2]),
        "settles_after": st.sampled_from([0, 1, 3]),
        "unsettled_buys": st.sampled_from(["freely", "held_back", "nothing"]),
        "dealing": st.sampled_from(
            [
                Dealing(),
                Dealing(carry=True),
                Dealing("sqrt=1,half_spread=1tick", True, 0.05, 0.4, True, 0.01),
                Dealing(allow_short=True, borrow_bps=200.0, initial_margin=0.1, maintenance_margin=0.05),
                Dealing(allow_short=True, carry=True, reinvest_dividends=True),
                Dealing(settlement="venue"),
                Dealing(settlement="venue", carry=True, fill_at="close"),
                Dealing(fill_at="close", entry_limit=0.01),
                Dealing(allow_short=True, fill_at="close"),
            ]
        ),
        "exits": st.sampled_from(
            [{}, {"stop_loss": "0.1", "take_profit": "0.1"}, {"trailing_stop": "0.05"}, {"time_stop": "2"}]
        ),
    }
)


class Life:
    """A market, an account's terms and what a strategy says on each row."""

    def __init__(self, chosen: dict[str, Any]) -> None:
        self.seed, self.by_change, self.first = chosen["seed"], chosen["by_change"], chosen["first"]
        kept = {name: chosen[name] for name in WAITING if name in chosen}
        rules, dealing = with_terms(MARKETS[chosen["rules"]], **kept), chosen["dealing"]
        market = random_market(self.seed, NAMES, ROWS, rules)
        money = Money(CAPITAL, market.panel.currency)
        terms = AccountTerms(money, slippage_bps=5.0, volume_cap=chosen["cap"], dealing=dealing)
        self.world: Conditions = conditions(market.panel, market.arrays, terms)
        self.exits: Guards = guards(exits_of(chosen["exits"]), {})
        weights = random_weights(self.seed + 1, ROWS, NAMES)
        self.weights = both_ways(self.seed + 1, ROWS, NAMES, 2.0) if dealing.allow_short else weights

    def at_once(self) -> Simulation:
        rows = np.arange(self.first, ROWS)
        return simulate(
            self.world, rows, self.weights[self.first :], first=self.first, stop=ROWS, capital=CAPITAL,
            by_change=self.by_change, exits=self.exits,
        )  # fmt: skip

    def account(self) -> SteppedAccount:
        return SteppedAccount(self.world, first=self.first, capital=CAPITAL, by_change=self.by_change, exits=self.exits)


class Told:
    """What a stepped account told, row by row."""

    def __init__(self) -> None:
        self.journals: list[Journal] = []
        self.equity: list[int] = []
        self.cash: list[int] = []

    def close(self, account: SteppedAccount, journal: Journal) -> None:
        self.journals.append(journal)
        self.equity.append(account.equity)
        self.cash.append(account.cash)


def columns_of(parts: Iterable[Any]) -> tuple[np.ndarray, ...]:
    return tuple(np.concatenate(column) for column in zip(*(astuple(part) for part in parts), strict=True))


def assert_told(told: Told, whole: Simulation, refusals: list[Any]) -> None:
    for kind in ("fills", "events"):
        for ours, theirs in zip(
            columns_of(getattr(journal, kind) for journal in told.journals),
            astuple(getattr(whole.journal, kind)), strict=True,
        ):  # fmt: skip
            np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(columns_of(refusals), astuple(whole.journal.refusals), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(told.equity, whole.equity)
    np.testing.assert_array_equal(told.cash, whole.cash)


def step_through(
    life: Life, swap: Callable[[SteppedAccount, int], SteppedAccount], hear: Callable[[Orders], None] | None = None
) -> tuple[Told, list[Any]]:
    account, told, refusals = life.account(), Told(), []
    for row in range(life.first, ROWS):
        journal = account.meet(row)
        told.close(account, journal)
        refusals.append(journal.refusals)
        account = swap(account, row)
        if row + 1 < ROWS:
            orders = account.decide(row, life.weights[row])
            refusals.append(orders.refusals)
            if hear is not None:
                hear(orders)
            account = swap(account, row)
    return told, refusals


class TestMeet:
    @settings(max_examples=60, deadline=None)
    @given(chosen=lives)
    def test_row_by_row_is_all_at_once(self, chosen: dict[str, Any]) -> None:
        life = Life(chosen)
        draw = np.random.default_rng(life.seed)

        def swap(account: SteppedAccount, _row: int) -> SteppedAccount:
            if draw.random() < 0.7:
                return account
            return SteppedAccount.resumed(life.world, account.snapshot(), life.exits)

        told, refusals = step_through(life, swap)
        assert_told(told, life.at_once(), refusals)

    @settings(max_examples=60, deadline=None)
    @given(chosen=lives)
    def test_orders_read_out_of_one_account_move_another_the_same_way(self, chosen: dict[str, Any]) -> None:
        life = Life(chosen)
        sent: dict[int, Orders] = {}
        step_through(life, lambda account, row: account, lambda orders: sent.__setitem__(len(sent), orders))
        account, told, refusals = life.account(), Told(), []
        for row in range(life.first, ROWS):
            journal = account.meet(row)
            told.close(account, journal)
            refusals.append(journal.refusals)
            if row + 1 < ROWS:
                orders = sent[row - life.first]
                refusals.append(orders.refusals)
                for column in orders.dropped:
                    account.drop(int(column))
                for column, quantity in zip(orders.column.tolist(), orders.quantity.tolist(), strict=True):
                    account.place(column, quantity)
        assert_told(told, life.at_once(), refusals)

    @settings(max_examples=30, deadline=None)
    @given(chosen=lives)
    def test_quiet_rows_go_by_in_one_call(self, chosen: dict[str, Any]) -> None:
        life = Life(chosen)
        life.weights[np.random.default_rng(life.seed).random(ROWS) < 0.7] = np.nan
        whole = life.at_once()
        account, journals, refusals = life.account(), [], []
        speaks = [row for row in range(life.first, ROWS - 1) if np.isfinite(life.weights[row]).any() or life.by_change]
        for row in [*speaks, ROWS - 1]:
            while account.next <= row:
                begun = account.next
                journals.append(account.meet_until(row + 1))
                refusals.append(journals[-1].refusals)
                happened = sum(len(part) for part in (journals[-1].fills, journals[-1].refusals, journals[-1].events))
                assert account.next > begun
                assert happened or account.next == row + 1 or account.ruined
                assert account.equity == whole.equity[account.next - 1 - life.first]
            if row + 1 < ROWS:
                refusals.append(account.decide(row, life.weights[row]).refusals)
        for ours, theirs in zip(
            columns_of(journal.fills for journal in journals), astuple(whole.journal.fills), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
        for ours, theirs in zip(columns_of(refusals), astuple(whole.journal.refusals), strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_the_random_lives_have_something_to_tell(self) -> None:
        fills = dropped = ruined = 0
        dealing = Dealing(allow_short=True, carry=True, initial_margin=0.1, maintenance_margin=0.0)
        for seed in range(30):
            for by_change in (False, True):
                chosen = {"seed": seed, "rules": "america", "by_change": by_change, "first": 0, "dealing": dealing}
                scarce = {"cap": 0.003, "exits": {"time_stop": "2"}} if seed % 2 else {"cap": 1.0, "exits": {}}
                life = Life(chosen | scarce)
                orders: list[Orders] = []
                told, _ = step_through(life, lambda account, row: account, orders.append)
                fills += sum(len(journal.fills) for journal in told.journals)
                dropped += sum(len(order.dropped) for order in orders)
                ruined += life.at_once().ruined >= 0
        assert fills > 500
        assert dropped > 50
        assert ruined > 0


class TestRefusals:
    def life(self, rules: str = "korea") -> Life:
        chosen = {"seed": 1, "rules": rules, "by_change": True, "first": 3, "cap": 0.1, "exits": {}}
        return Life(chosen | {"dealing": Dealing()})

    def test_rows_are_met_once_and_in_their_order(self) -> None:
        account = self.life().account()
        for row in (2, 4):
            with pytest.raises(ValueError, match="cannot be met"):
                account.meet(row)
        with pytest.raises(ValueError, match="decided"):
            account.decide(2, np.zeros(NAMES))
        account.meet(3)
        with pytest.raises(ValueError, match="rows"):
            account.meet_until(ROWS + 1)

    def test_a_name_has_one_order(self) -> None:
        account = self.life().account()
        account.meet(3)
        account.place(0, 5.0)
        assert account.on_order == {0: 5.0}
        for column, quantity in ((0, 1.0), (1, 0.0), (1, np.nan)):
            with pytest.raises(ValueError, match="cannot order"):
                account.place(column, quantity)
        account.drop(0)
        assert account.on_order == {}

    def test_an_account_that_outgrows_integers_ends(self) -> None:
        life = self.life("america")
        world = replace(life.world, closes=life.world.closes * 1e16, opens=life.world.opens)
        account = SteppedAccount(world, first=3, capital=CAPITAL, by_change=True)
        account.meet(3)
        for column in range(NAMES):
            account.place(column, 1000.0)
        with pytest.raises(InvalidInput, match="grew beyond"):
            met(account)


def met(account: SteppedAccount) -> None:
    while account.next < ROWS:
        account.meet_until(ROWS)
