"""Whether the books are right."""

from __future__ import annotations

from midas.app.workspace import Workspace
from midas.db import accounts, ledger
from midas.wire.ledger import LedgerFault, LedgerReport


async def verify(workspace: Workspace, account: str | None) -> LedgerReport:
    """Add up the books of an account, or of all, and check the chain of their audit trail.

    Raises
    ------
    NotFound: no such account.
    """
    if account is None:
        names = await workspace.database.read(ledger.accounts)
    else:
        names = [(await workspace.database.read(accounts.find, account)).id]
    faults, bookings, lines = [], 0, 0
    for name in names:
        faults += await workspace.database.read(ledger.faults, name)
        size = await workspace.database.read(ledger.size, name)
        bookings, lines = bookings + size.bookings, lines + size.audit_lines
    told = [LedgerFault(account=each.account, code=each.code, detail=each.detail) for each in faults]
    return LedgerReport(accounts=names, bookings=bookings, audit_lines=lines, faults=told)
