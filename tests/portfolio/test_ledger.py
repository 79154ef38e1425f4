"""The ledger balances, agrees with the kernel's cash, and sees a planted error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.portfolio.accounts import Booked, booked

from midas.core.errors import MidasError
from midas.portfolio.ledger import Ledger, LedgerAccount


class TestVerify:
    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans(), korea=st.booleans())
    def test_every_random_account_balances(self, seed: int, by_change: bool, korea: bool) -> None:
        account = booked(seed, by_change=by_change, korea=korea)
        account.ledger.verify(account.simulation.cash, account.simulation.first)
        assert account.ledger.debit.sum() == account.ledger.credit.sum()

    def test_a_posting_off_by_one_is_found(self) -> None:
        account = trading()
        debit = account.ledger.debit.copy()
        debit[np.flatnonzero(debit)[-1]] += 1
        with pytest.raises(MidasError, match="does not balance"):
            replace(account.ledger, debit=debit).verify(account.simulation.cash, 0)

    def test_cash_that_differs_is_found(self) -> None:
        account = trading()
        cash = account.simulation.cash.copy()
        cash[7] += 1
        with pytest.raises(MidasError, match="at row 7"):
            account.ledger.verify(cash, 0)


class TestBalance:
    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1), by_change=st.booleans())
    def test_gains_and_costs_explain_the_equity(self, seed: int, by_change: bool) -> None:
        account = booked(seed, by_change=by_change, korea=False)
        balance = account.ledger.balance
        fills, events = account.simulation.journal.fills, account.simulation.journal.events
        assert balance(LedgerAccount.CAPITAL) == -account.capital
        assert balance(LedgerAccount.CASH) == account.simulation.cash[-1]
        assert balance(LedgerAccount.COMMISSION) == fills.commission.sum()
        assert balance(LedgerAccount.TAX) == fills.tax.sum()
        assert -balance(LedgerAccount.DIVIDENDS) - balance(LedgerAccount.CASH_IN_LIEU) == events.amount.sum()
        assert sum(balance(kind) for kind in LedgerAccount) == 0
        at_cost = balance(LedgerAccount.SECURITIES)
        unrealised = account.simulation.equity[-1] - account.simulation.cash[-1] - at_cost
        open_pnl = account.trades.pnl[~account.trades.closed].sum()
        closed_pnl = account.trades.pnl[account.trades.closed].sum()
        gained = -sum(balance(kind) for kind in INCOME_AND_COSTS)
        assert open_pnl + closed_pnl == gained + unrealised

    def test_one_purchase_by_hand(self) -> None:
        account = trading()
        first = np.flatnonzero(account.ledger.transaction == 1)
        fill = account.simulation.journal.fills
        postings = {
            LedgerAccount(int(account.ledger.account[at])): int(account.ledger.debit[at] - account.ledger.credit[at])
            for at in first
        }
        cost = int(fill.value[0] + fill.commission[0])
        assert postings == {
            LedgerAccount.CASH: -cost,
            LedgerAccount.SECURITIES: int(fill.value[0]),
            LedgerAccount.COMMISSION: int(fill.commission[0]),
        }


INCOME_AND_COSTS = (
    LedgerAccount.GAINS, LedgerAccount.DIVIDENDS, LedgerAccount.CASH_IN_LIEU, LedgerAccount.COMMISSION,
    LedgerAccount.TAX,
)  # fmt: skip


def trading() -> Booked:
    """A random account that traded (with a commission on both sides)."""
    for seed in range(100):
        account = booked(seed, by_change=False, korea=True)
        fills = account.simulation.journal.fills
        if len(fills) > 5 and fills.commission[0] > 0:
            return account
    raise AssertionError("no account traded")


def test_a_ledger_without_trades_is_its_capital() -> None:
    account = booked(1, by_change=False, korea=False, silent=True)
    assert isinstance(account.ledger, Ledger)
    assert account.ledger.balance(LedgerAccount.CASH) == account.capital
    account.ledger.verify(account.simulation.cash, 0)
