"""Whether the books are right."""

from __future__ import annotations

from midas.client.link import Link
from midas.wire.ledger import LedgerReport


class Ledger:
    """`client.ledger`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def verify(self, account: str | None = None) -> LedgerReport:
        """Add up the books of an account, or of all, and check the chains of their audit trails."""
        return self._link.get(LedgerReport, "/api/v1/ledger/verify", {"account": account})
