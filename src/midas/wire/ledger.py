"""Whether the books are right."""

from __future__ import annotations

from midas.wire.shape import Answer


class LedgerFault(Answer):
    """Something that does not hold; `code` is unbalanced, cash, position, order or audit."""

    account: str
    code: str
    detail: str


class LedgerReport(Answer):
    """What adding up the books of `accounts` found; they are right where there are no faults."""

    accounts: list[str]
    bookings: int
    audit_lines: int
    faults: list[LedgerFault]

    @property
    def ok(self) -> bool:
        return not self.faults
