"""`midas account`: paper accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.arguments import amount
from midas.cli.confirm import confirmed
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.accounts import Account

app = noun("account")

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Name of an account.", show_default=False)]
Capital = Annotated[
    str | None, typer.Option("--capital", metavar="AMOUNT", help="Money to begin with, in its currency.")
]


@verb(app, "add")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new name.", show_default=False)],
    capital: Capital = "100000",
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="KRW, USD, INR, CNY.")] = "USD",
    latency: Annotated[
        int, typer.Option("--latency", metavar="MS", min=0, help="How long an order takes to the market.")
    ] = 0,
) -> None:
    """Open a paper account."""
    call = invocation(ctx)
    out = call.printer()
    paid_in = amount(capital, "--capital")
    with call.client() as client:
        opened = client.accounts.add(name, str(paid_in), currency, latency_ms=latency)
    out.answer(opened, [opened.name], lambda: _show_one(out, opened))


@verb(app, "list")
def list_accounts(
    ctx: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Those before a reset too.")] = False,
) -> None:
    """List accounts by name."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.accounts.list(closed=closed)
    columns = (
        Column("account", keep=True),
        "kind",
        Column("cash", right=True),
        Column("positions", right=True),
        Column("orders", right=True),
        "switch",
        "trader",
    )
    rows = [
        (
            each.id if closed else each.name,
            each.kind,
            f"{each.cash:,f} {each.currency}",
            str(each.positions),
            str(each.active_orders),
            "" if each.kill == "none" else each.kill,
            "yes" if each.trader else "",
        )
        for each in found
    ]
    out.answer(
        found,
        [each.name for each in found],
        lambda: out.table(columns, rows) if rows else out.line("No account yet; open one with `midas account add`."),
    )


@verb(app, "show")
def show(ctx: typer.Context, account: Name) -> None:
    """Show an account."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.accounts.show(account)
    out.answer(found, [found.name], lambda: _show_one(out, found))


@verb(app, "reset")
def reset(
    ctx: typer.Context,
    account: Name,
    capital: Capital = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Begin anew; what was stays readable under the old id."""
    call = invocation(ctx)
    out = call.printer()
    paid_in = amount(capital, "--capital")
    confirmed(f"Begin {account} anew?", yes)
    with call.client() as client:
        opened = client.accounts.reset(account, None if paid_in is None else str(paid_in))
    out.answer(opened, [opened.name], lambda: _show_one(out, opened))


def _show_one(out: Printer, account: Account) -> None:
    ended = "" if account.closed_at is None else f"{account.closed_at:%Y-%m-%d %H:%M} UTC"
    out.facts(
        [
            ("account", account.name),
            ("id", account.id),
            ("kind", f"{account.kind}, through {account.broker}"),
            ("began with", f"{account.capital:,f} {account.currency}"),
            ("latency", f"{account.latency_ms:,} ms" if account.latency_ms else ""),
            ("cash", f"{account.cash:,f} {account.currency}"),
            ("positions", str(account.positions)),
            ("orders at work", str(account.active_orders)),
            ("kill switch", account.kill),
            ("trader", "holds it" if account.trader else "none"),
            ("opened", f"{account.created_at:%Y-%m-%d %H:%M} UTC"),
            ("closed", ended),
        ]
    )
