"""`midas factor`: what strategies are made of."""

from __future__ import annotations

from typing import Annotated

import typer

from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Column

app = noun("factor")


@app.callback()
def _factor() -> None:
    pass


@verb(app, "operators")
def operators(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Option("--kind", help="Only those of one kind.")] = None,
) -> None:
    """List the operators a strategy may use."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = [each for each in client.factors.operators() if kind is None or each.kind == kind]
    spare = (Column("kind", spare=2), Column("unit", spare=1), Column("warm-up", spare=3))
    columns = (Column("operator", keep=True), "what it gives", *spare)
    rows = [(each.signature, each.summary, each.kind, each.unit, each.warm_up) for each in found]
    out.answer(found, [each.name for each in found], lambda: out.table(columns, rows))
