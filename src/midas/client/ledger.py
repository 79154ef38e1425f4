"""Whether the books are right."""

from __future__ import annotations

from collections.abc import Sequence

from midas.client.asking import asking
from midas.client.link import Link
from midas.wire.ledger import LedgerReport, SealCopy, SealLine
from midas.wire.page import Page


class Ledger:
    """`client.ledger`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def verify(self, account: str | None = None, copy: Sequence[str] | None = None) -> LedgerReport:
        """Add up the books of an account, or of all, and check their audit trails by their chains and seals.

        copy : lines of seals that were kept elsewhere; None goes by those of the home.
        """
        if copy is not None:
            body = asking(SealCopy, {"lines": [*copy], "account": account})
            return self._link.post(LedgerReport, "/api/v1/ledger/verify", body)
        return self._link.get(LedgerReport, "/api/v1/ledger/verify", {"account": account})

    def seal(self) -> list[SealLine]:
        """Seal every audit trail that grew since its last seal; keep a copy of what comes back elsewhere."""
        page: type[Page[SealLine]] = Page[SealLine]
        return self._link.post(page, "/api/v1/ledger/seals", None).items
