"""Numbers of a broker's that should be unique and are not: nobody knows then what is told of which order."""

from __future__ import annotations

from midas.core.instrument import InstrumentId
from midas.core.order import Fill
from midas.execution.order_row import OrderRow
from midas.trading.desk import Desk
from midas.trading.draft import Draft

NUMBER_TWICE = "alert.number_twice"
EXECUTION_TWICE = "alert.execution_twice"


async def alert_number(desk: Desk, number: str, row: OrderRow) -> None:
    """Put an order's instrument in quarantine, before it is linked to a number that another order of ours has."""
    other = await other_with(desk, number, row)
    if other is not None:
        async with desk.change("number_twice") as draft:
            draft_number(desk, draft, number, row, other)


async def other_with(desk: Desk, number: str, row: OrderRow) -> OrderRow | None:
    """Return another order of ours that its broker knows by a number; None for a number that is only this one's."""
    known = await desk.numbered(number) if number and number != row.number else None
    return None if known is None or known.id == row.id else known


def draft_number(desk: Desk, draft: Draft, number: str, row: OrderRow, other: OrderRow) -> None:
    """Say that a number is that of two orders, and put the instruments of both in quarantine."""
    why = f"the broker's number {number} is that of {row.id} and of {other.id}"
    _doubt(desk, draft, NUMBER_TWICE, row.id, why, row.intent.instrument, other.intent.instrument)


def draft_execution(desk: Desk, draft: Draft, fill: Fill) -> None:
    """Say that an execution's number was booked before, and put its instrument in quarantine; it is not booked."""
    why = f"execution {fill.execution} of {fill.order} has the number of another one"
    _doubt(desk, draft, EXECUTION_TWICE, fill.order, why, fill.instrument)


def _doubt(desk: Desk, draft: Draft, act: str, subject: str, why: str, *instruments: InstrumentId) -> None:
    new = {str(each) for each in instruments} - desk.quarantined.keys() - draft.quarantined.keys()
    if new:
        draft.audit(act, subject, {"why": why})
    for each in sorted(new):
        draft.quarantine(each, why)
