"""The double-entry ledger, in integer minor units: every debit has its credit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import MidasError
from midas.kernels.account import FILL
from midas.portfolio.journal import EventKind, Rows
from midas.portfolio.timeline import Timeline


class LedgerAccount(IntEnum):
    """Where money is or went. Securities are carried at average cost."""

    CASH = 0
    SECURITIES = 1
    CAPITAL = 2
    GAINS = 3
    DIVIDENDS = 4
    CASH_IN_LIEU = 5
    COMMISSION = 6
    TAX = 7
    INTEREST = 8
    BORROW_FEES = 9
    DEFICIT = 10


_PAYMENTS = (
    (LedgerAccount.DIVIDENDS, EventKind.DIVIDEND),
    (LedgerAccount.CASH_IN_LIEU, EventKind.CASH_IN_LIEU),
    (LedgerAccount.INTEREST, EventKind.INTEREST),
    (LedgerAccount.BORROW_FEES, EventKind.BORROW_FEE),
    (LedgerAccount.DEFICIT, EventKind.WRITTEN_OFF),
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Postings ascending by transaction; transaction 0 pays the capital in, transaction k is entry k - 1.

    row : session of the posting. account : a `LedgerAccount`. column : instrument, -1 for none. debit, credit : minor
    units, one of them 0.
    """

    transaction: Rows
    row: Rows
    account: Rows
    column: Rows
    debit: Rows
    credit: Rows

    def balance(self, account: LedgerAccount) -> int:
        """Return debits less credits, in minor units."""
        chosen = self.account == account
        return int(self.debit[chosen].sum() - self.credit[chosen].sum())

    def cash_by_row(self, first: int, stop: int) -> Rows:
        """Return the balance of cash after each of the rows [first, stop)."""
        chosen = self.account == LedgerAccount.CASH
        moves = np.zeros(stop - first, np.int64)
        np.add.at(moves, self.row[chosen] - first, self.debit[chosen] - self.credit[chosen])
        return np.cumsum(moves)

    def verify(self, cash: Rows, first: int) -> None:
        """Check that every transaction balances, and that cash is `cash` at each row from `first` on.

        Raises
        ------
        MidasError: it does not; the simulation has a defect.
        """
        gaps = np.zeros(int(self.transaction.max()) + 1, np.int64)
        np.add.at(gaps, self.transaction, self.debit - self.credit)
        if gaps.any():
            raise _unbalanced(f"transaction {int(np.flatnonzero(gaps)[0])} does not balance")
        off = np.flatnonzero(self.cash_by_row(first, first + len(cash)) != cash)
        if len(off):
            raise _unbalanced(f"cash differs from the account's at row {first + int(off[0])}")
        if int(self.debit.min()) < 0 or int(self.credit.min()) < 0:
            raise _unbalanced("a posting is negative")


def ledger(
    capital: int, first: int, entries: Timeline, cost_out: Rows, opens: NDArray[np.bool_] | None = None
) -> Ledger:
    """Post a timeline; `cost_out` is what each entry took out of the holdings at cost (see `RoundTrips`).

    `opens` tells which fills open or add to a position: the purchases, unless it says otherwise. A short is carried
    among the securities below 0.
    """
    number = np.arange(1, len(entries) + 1)
    fill = entries.kind == FILL
    opening = fill & (entries.side > 0 if opens is None else opens)
    closing = fill & ~opening
    paid = np.isin(entries.kind, [kind for _, kind in _PAYMENTS])
    costs = entries.commission + entries.tax
    gone = (entries.kind == EventKind.DELISTED) | (entries.kind == EventKind.SEIZED)
    gain = np.where(gone, entries.value, np.where(closing, -entries.side * entries.value, 0)) - cost_out
    book = _Book(number, entries)
    book.post(LedgerAccount.CASH, np.where(fill, -entries.side * entries.value - costs, 0))
    book.post(LedgerAccount.CASH, np.where(paid | gone, entries.value, 0))
    book.post(LedgerAccount.SECURITIES, np.where(opening, entries.side * entries.value, -cost_out))
    book.post(LedgerAccount.GAINS, -gain)
    book.post(LedgerAccount.COMMISSION, entries.commission)
    book.post(LedgerAccount.TAX, entries.tax)
    for account, kind in _PAYMENTS:
        book.post(account, -np.where(entries.kind == kind, entries.value, 0))
    return book.closed(capital, first)


class _Book:
    # Collects postings of all transactions, one account at a time.
    def __init__(self, number: Rows, entries: Timeline) -> None:
        self._number = number
        self._entries = entries
        self._parts: list[tuple[Rows, Rows, Rows, Rows, Rows]] = []

    def post(self, account: LedgerAccount, amount: Rows) -> None:
        at = np.flatnonzero(amount)
        column = self._entries.column[at]
        self._parts.append((self._number[at], self._entries.row[at], np.full(len(at), account), column, amount[at]))

    def closed(self, capital: int, first: int) -> Ledger:
        opening = (
            np.zeros(2, np.int64),
            np.full(2, first),
            np.array([LedgerAccount.CASH, LedgerAccount.CAPITAL], np.int64),
            np.full(2, -1),
            np.array([capital, -capital], np.int64),
        )
        parts = [np.concatenate(arrays) for arrays in zip(opening, *self._parts, strict=True)]
        order = np.argsort(parts[0], kind="stable")
        transaction, row, account, column, amount = (part[order] for part in parts)
        return Ledger(transaction, row, account, column, np.maximum(amount, 0), np.maximum(-amount, 0))


def _unbalanced(fault: str) -> MidasError:
    return MidasError(
        f"The ledger does not hold: {fault}.", hint="This is a defect; please report it.", code="ledger_unbalanced"
    )
