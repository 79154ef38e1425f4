"""`midas ledger`: whether the books are right."""

from __future__ import annotations

from typing import Annotated

import typer

from midas.cli.exits import Exit
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Column

app = noun("ledger")


@app.callback()
def _ledger() -> None:
    pass


@verb(app, "verify")
def verify(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Option("--account", "-a", metavar="ACCOUNT", help="Only this one.")] = None,
) -> None:
    """Add up the books and check the chain of the audit trail; exit code 7 where they do not hold."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.ledger.verify(account)
    well = (
        f"{len(found.accounts)} accounts, {found.bookings} bookings and {found.audit_lines} lines of audit: "
        "everything adds up."
    )
    rows = [(each.account, each.code, each.detail) for each in found.faults]
    out.answer(
        found,
        [each.account for each in found.faults],
        lambda: out.table((Column("account", keep=True), "what", "fault"), rows) if rows else out.line(well),
    )
    if not found.ok:
        raise typer.Exit(Exit.CORRUPT)
