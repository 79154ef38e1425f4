"""`midas trade`: what was executed, and what it came to."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated

import typer

from midas.cli.arguments import day
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Column

app = noun("trade")

Account = Annotated[str, typer.Option("--account", "-a", metavar="ACCOUNT", help="Whose.", show_default=False)]
Start = Annotated[str | None, typer.Option("--start", metavar="DAY", help="First day (UTC).")]
End = Annotated[str | None, typer.Option("--end", metavar="DAY", help="Last day (UTC), inclusive.")]


@verb(app, "list")
def list_trades(
    ctx: typer.Context,
    account: Account,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many.")] = 20,
) -> None:
    """List executions, latest first."""
    call = invocation(ctx)
    out = call.printer()
    since, until = _period(start, end)
    with call.client() as client:
        found = client.trades.list(account, since, until, limit)
    columns = (
        Column("at (UTC)", keep=True),
        Column("instrument", keep=True),
        "side",
        Column("quantity", right=True),
        Column("price", right=True),
        Column("value", right=True),
        Column("costs", right=True),
        Column("realised", right=True),
        "order",
    )
    rows = [
        (
            f"{each.at:%Y-%m-%d %H:%M:%S}",
            each.instrument,
            each.side,
            f"{each.quantity:,f}",
            f"{each.price:,f}",
            _money(each.value),
            _money(each.commission + each.tax),
            _money(each.realised),
            each.order,
        )
        for each in found
    ]
    out.answer(
        found,
        [each.execution for each in found],
        lambda: out.table(columns, rows) if rows else out.line("Nothing was executed."),
    )


@verb(app, "stats")
def stats(ctx: typer.Context, account: Account, start: Start = None, end: End = None) -> None:
    """Show what the executions of a period come to."""
    call = invocation(ctx)
    out = call.printer()
    since, until = _period(start, end)
    with call.client() as client:
        found = client.trades.stats(account, since, until)
    often = "" if found.most_traded is None else f"{found.most_traded}, {found.most_traded_count} times"
    facts = [
        ("account", found.account),
        ("period", "" if found.first is None else f"{found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}"),
        ("executions", f"{found.count}: {found.buys} buys, {found.sells} sells"),
        ("value", f"{_money(found.value)}: bought {_money(found.bought)}, sold {_money(found.sold)}"),
        ("average size", _money(found.average_size)),
        ("costs", f"{_money(found.commission)} commission, {_money(found.tax)} tax"),
        ("most traded", often),
        ("realised", _money(found.realised)),
        ("unrealised", "not known: a price is missing" if found.unrealised is None else _money(found.unrealised)),
    ]
    out.answer(found, [str(found.count)], lambda: out.facts(facts))


def _period(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    first, last = day(start, "--start"), day(end, "--end")
    since = None if first is None else datetime.combine(first, time(), UTC)
    until = None if last is None else datetime.combine(last, time(), UTC) + timedelta(days=1)
    return since, until


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"
