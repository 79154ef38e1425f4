"""`midas ledger`: whether the books are right, and seals that show it later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from midas.cli.exits import Exit
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Column
from midas.core.errors import InvalidInput

app = noun("ledger")

_LATEST = 2000
"""So many seals of a copy are gone by: each holds the whole trail before it."""


@verb(app, "verify")
def verify(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Option("--account", "-a", metavar="ACCOUNT", help="Only this one.")] = None,
    copy: Annotated[
        Path | None,
        typer.Option("--copy", metavar="FILE", help="Go by seals that were kept elsewhere, not those of this home."),
    ] = None,
) -> None:
    """Add up the books and check the audit trail by its chain and seals; exit code 7 where they do not hold."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.ledger.verify(account, None if copy is None else _copied(copy))
    well = (
        f"accounts {len(found.accounts)}, bookings {found.bookings}, lines of audit {found.audit_lines}: "
        "everything adds up."
    )
    unsealed = found.audit_lines - sum(found.sealed.values())
    if unsealed and not found.faults:
        well += f" {unsealed} lines are not sealed yet: what is cut off there cannot be seen."
    rows = [(each.account, each.code, each.detail) for each in found.faults]
    out.answer(
        found,
        [each.account for each in found.faults],
        lambda: out.table((Column("account", keep=True), "what", "fault"), rows) if rows else out.line(well),
    )
    if not found.ok:
        raise typer.Exit(Exit.CORRUPT)


@verb(app, "seal")
def seal(ctx: typer.Context) -> None:
    """Seal the audit trails as they are now, and print the new seals: keep a copy somewhere else."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        made = client.ledger.seal()
    lines = [each.line for each in made]
    out.answer(made, lines, lambda: out.line("\n".join(lines) or "Nothing new to seal."))


def _copied(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read.", hint="Name the file the seals were copied to.") from error
    if not lines:
        raise InvalidInput(f"{file} is empty.", hint="Name the file the seals were copied to.")
    return lines[-_LATEST:]
