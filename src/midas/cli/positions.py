"""`midas position`: what accounts hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Column

app = noun("position")


@app.callback()
def _position() -> None:
    pass


@verb(app, "list")
def list_positions(
    ctx: typer.Context,
    account: Annotated[str, typer.Option("--account", "-a", metavar="ACCOUNT", help="Whose.", show_default=False)],
) -> None:
    """List what an account holds, at the last closes there are."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.positions.list(account)
    columns = (
        Column("instrument", keep=True),
        Column("quantity", right=True),
        Column("average", right=True),
        Column("last", right=True),
        Column("value", right=True),
        Column("unrealised", right=True),
        Column("last close", keep=True),
    )
    rows = [
        (
            each.instrument,
            f"{each.quantity:,f}",
            _money(each.average_price),
            _money(each.last),
            _money(each.value),
            _money(each.unrealised),
            "" if each.last_on is None else str(each.last_on),
        )
        for each in found
    ]
    out.answer(
        found,
        [each.instrument for each in found],
        lambda: out.table(columns, rows) if rows else out.line("Nothing is held."),
    )


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"
