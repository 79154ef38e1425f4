"""`midas instrument`: what can be traded, and its bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.arguments import day
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.listing import Limit
from midas.cli.numbers import count, number
from midas.cli.printer import Column, Printer
from midas.core.money import MINOR_DIGITS

if TYPE_CHECKING:
    from midas.wire.instruments import Bar, Instrument

app = noun("instrument")

Id = Annotated[str, typer.Argument(metavar="ID", help="005930.XKRX, or a symbol that only one has.")]


@verb(app, "list")
def list_instruments(
    ctx: typer.Context,
    query: Annotated[str | None, typer.Argument(help="Part of an id or a name.", show_default=False)] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only those of one dataset.")] = None,
    limit: Limit = 100,
) -> None:
    """List instruments that have bars."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.instruments.list(query, dataset, limit)
    columns = (Column("id", keep=True), "name", "kind", "board", "currency", "datasets")
    rows = [(each.id, each.name, each.kind, each.board, each.currency, ", ".join(each.datasets)) for each in found]

    def human() -> None:
        if found:
            out.table(columns, rows)
        else:
            out.line("No instrument fits. `midas data list` shows what data there is.")

    out.answer(found, [each.id for each in found], human)


@verb(app, "show")
def show(ctx: typer.Context, instrument: Id) -> None:
    """Show an instrument and its last bar."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.instruments.show(instrument)
        latest = client.instruments.latest(found.id)
    document = {**found.model_dump(mode="json"), "latest": latest.model_dump(mode="json")}
    out.answer(document, [found.id], lambda: _show_one(out, found, latest))


@verb(app, "bars")
def bars(
    ctx: typer.Context,
    instrument: Id,
    start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day.")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Which dataset, where several have it.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most this many, oldest first.")] = None,
) -> None:
    """Print raw bars, oldest first."""
    call = invocation(ctx)
    out = call.printer()
    first, last = day(start, "--start"), day(end, "--end")
    with call.client() as client:
        currency = client.instruments.show(instrument).currency
        found = client.instruments.bars(instrument, first, last, dataset, limit)
    out.answer(found, [each.ts.isoformat() for each in found], lambda: _show_bars(out, found, currency))


def _show_one(out: Printer, found: Instrument, latest: Bar) -> None:
    digits = MINOR_DIGITS.get(found.currency, 2)
    out.facts(
        [
            ("id", found.id),
            ("name", found.name),
            ("kind", ", ".join(filter(None, (found.kind, found.board, found.currency)))),
            ("in", ", ".join(found.datasets)),
            ("last", f"{number(latest.close, digits)} on {latest.ts.isoformat()}"),
        ]
    )


def _show_bars(out: Printer, found: Sequence[Bar], currency: str) -> None:
    digits = MINOR_DIGITS.get(currency, 2)
    titles = ("open", "high", "low", "close", "volume")
    rows = [
        (
            each.ts.isoformat(),
            *(number(p, digits) for p in (each.open, each.high, each.low, each.close)),
            count(each.volume),
        )
        for each in found
    ]
    out.table([Column("date", keep=True), *(Column(title, right=True) for title in titles)], rows)
