"""`midas factor`: what strategies are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.numbers import count
from midas.cli.plain import plain_lines
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.factors import Factor

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


@verb(app, "list")
def list_factors(
    ctx: typer.Context,
    of: Annotated[str | None, typer.Option("--set", metavar="SET", help="Only those of one set.")] = None,
) -> None:
    """List the library's factors: formulas other people published."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = [each for each in client.factors.list() if of is None or each.set == of]
    columns = (Column("factor", keep=True), Column("set", keep=True), "formula")
    rows = [(each.name, each.set, each.formula) for each in found]
    out.answer(found, [each.name for each in found], lambda: out.table(columns, rows))


@verb(app, "show")
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="`midas factor list` shows them.", show_default=False)],
) -> None:
    """Show a factor of the library: its formula, where it is from, what it reads."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.factors.show(name)
    out.answer(found, [found.name], lambda: _show_one(out, found))


def _show_one(out: Printer, found: Factor) -> None:
    names = [(name, text) for name, text in found.let.items()]
    out.line(plain_lines(found.formula))
    out.facts(
        [
            ("factor", found.name),
            ("set", found.set),
            *names,
            *([("d", str(found.window))] if found.window else []),
            ("gives", found.unit),
            ("warm-up", f"{count(found.warm_up)} bars"),
            ("reads", ", ".join(found.fields)),
            ("from", found.source),
        ]
    )
    out.line()
    out.line(plain_lines(found.adapted))
