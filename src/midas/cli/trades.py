"""`midas trade`: what was traded, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.arguments import day
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.listing import Limit
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.trades import Execution, Trade

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
    executions: Annotated[
        bool, typer.Option("--executions", help="The single executions instead of the round trips they make.")
    ] = False,
    limit: Limit = 20,
) -> None:
    """List round trips, from flat to flat, the latest begun first."""
    call = invocation(ctx)
    out = call.printer()
    since, until = _period(start, end)
    with call.client() as client:
        if executions:
            found = client.trades.executions(account, since, until, limit)
            out.answer(found, [each.execution for each in found], lambda: _list_executions(out, found))
            return
        trips = client.trades.list(account, since, until, limit)
    names = [f"{each.instrument} {each.entry:%Y-%m-%dT%H:%M:%S}" for each in trips]
    out.answer(trips, names, lambda: _list_trips(out, trips))


@verb(app, "stats")
def stats(ctx: typer.Context, account: Account, start: Start = None, end: End = None) -> None:
    """Show what the executions of a period come to, and its round trips."""
    call = invocation(ctx)
    out = call.printer()
    since, until = _period(start, end)
    with call.client() as client:
        found = client.trades.stats(account, since, until)
    often = "" if found.most_traded is None else f"{found.most_traded}, {found.most_traded_count} of {found.count}"
    closed = found.trades - found.trades_open
    trips = f"{found.trades}: {found.trades_long} long, {found.trades_short} short, {found.trades_open} still open"
    facts = [
        ("account", found.account),
        ("period", "" if found.first is None else f"{found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}"),
        ("executions", f"{found.count}: {found.buys} buys, {found.sells} sells"),
        ("value", f"{_money(found.value)}: bought {_money(found.bought)}, sold {_money(found.sold)}"),
        ("average size", _money(found.average_size)),
        ("costs", f"{_money(found.commission)} commission, {_money(found.tax)} tax"),
        ("most traded", often),
        ("realised", f"{_money(found.realised)} before costs"),
        ("unrealised", "not known: a price is missing" if found.unrealised is None else _money(found.unrealised)),
        ("round trips", trips),
        ("closed", f"{closed}: {found.trades_won} won, {found.trades_lost} lost, {_money(found.trades_pnl)} net"),
    ]
    out.answer(found, [str(found.count)], lambda: out.facts(facts))


def _list_trips(out: Printer, found: Sequence[Trade]) -> None:
    if not found:
        out.line("Nothing was traded.")
        return
    columns = (
        Column("instrument", keep=True),
        "side",
        Column("quantity", right=True),
        Column("entry (UTC)", keep=True),
        Column("price", right=True),
        Column("exit (UTC)", keep=True),
        Column("price", right=True),
        Column("gain", right=True),
        Column("%", right=True),
        Column("costs", right=True),
        "closed by",
    )
    rows = [
        (
            each.instrument,
            each.side,
            f"{each.quantity:,.9f}".rstrip("0").rstrip("."),
            f"{each.entry:%Y-%m-%d}",
            _price(each.entry_price),
            "open" if each.exit is None else f"{each.exit:%Y-%m-%d}",
            _price(each.exit_price),
            "" if each.pnl is None else _money(each.pnl),
            "" if each.gain is None else f"{100 * each.gain:,.2f}",
            _money(each.commission + each.tax),
            "" if each.exit is None else each.cause or "order",
        )
        for each in found
    ]
    out.table(columns, rows)


def _list_executions(out: Printer, found: Sequence[Execution]) -> None:
    if not found:
        out.line("Nothing was executed.")
        return
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
    out.table(columns, rows)


def _period(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    first, last = day(start, "--start"), day(end, "--end")
    since = None if first is None else datetime.combine(first, time(), UTC)
    until = None if last is None else datetime.combine(last, time(), UTC) + timedelta(days=1)
    return since, until


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _price(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")
