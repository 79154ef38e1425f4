"""Whether the books are right."""

from __future__ import annotations

from pydantic import Field

from midas.wire.shape import Answer, Question


class LedgerFault(Answer):
    """Something that does not hold; `code` is unbalanced, cash, position, order, booking, audit or seal.

    `account` is empty where it is of no account.
    """

    account: str
    code: str
    detail: str


class LedgerReport(Answer):
    """What adding up the books of `accounts` found; they are right where there are no faults.

    `sealed` is the last line of each audit trail that was sealed: what was cut off or rewritten up to there is found,
    of the trail and of what was booked before that line.
    """

    accounts: list[str]
    bookings: int
    audit_lines: int
    faults: list[LedgerFault]
    sealed: dict[str, int]

    @property
    def ok(self) -> bool:
        return not self.faults


class SealCopy(Question):
    """Seals as they were copied elsewhere, line by line, oldest first."""

    lines: list[str] = Field(min_length=1, max_length=1_000_000)
    account: str | None = None


class SealLine(Answer):
    """Line `n` of an account's audit trail had this `hash` at `at`; `line` is all of it, to be kept elsewhere."""

    account: str
    n: int
    hash: str
    at: str
    line: str
