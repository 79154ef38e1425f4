"""Whether the books are right."""

from __future__ import annotations

from collections.abc import Sequence

from midas.app import seals
from midas.app.workspace import Workspace
from midas.db import accounts, ledger
from midas.wire.ledger import LedgerFault, LedgerReport, SealLine


async def verify(workspace: Workspace, account: str | None, copy: Sequence[str] | None = None) -> LedgerReport:
    """Add up the books of an account, or of all, check the chain of their audit trail and compare it with its seals.

    copy : seals that were kept elsewhere; None compares with those of this home.

    Raises
    ------
    NotFound: no such account.
    StorageCorrupt: the key of the seals cannot be read.
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
    flaws, sealed = await seals.compare(workspace, copy)
    mine = [each for each in flaws if account is None or each.account in (*names, "")]
    told += [LedgerFault(account=each.account, code="seal", detail=each.why) for each in mine]
    shown = {name: n for name, n in sealed.items() if account is None or name in names}
    return LedgerReport(accounts=names, bookings=bookings, audit_lines=lines, faults=told, sealed=shown)


async def seal(workspace: Workspace) -> list[SealLine]:
    """Seal every audit trail that grew since its last seal, and return the new seals.

    Raises
    ------
    Busy, StorageFull: nothing was sealed.
    """
    made = await seals.seal(workspace)
    return [SealLine(account=one.account, n=one.n, hash=one.hash, at=one.at, line=one.to_line()) for one in made]
