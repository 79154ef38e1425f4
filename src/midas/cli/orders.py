"""`midas order`: orders by hand, and everyone's orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from midas.cli.arguments import amount
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.listing import Limit
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.client.client import Client
    from midas.wire.orders import Order

app = noun("order")

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of an order.", show_default=False)]
Account = Annotated[str, typer.Option("--account", "-a", metavar="ACCOUNT", help="Whose.", show_default=False)]


@verb(app, "place")
def place(
    ctx: typer.Context,
    side: Annotated[Literal["buy", "sell"], typer.Argument(help="Which way.", show_default=False)],
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="How much.", show_default=False)],
    instrument: Annotated[str, typer.Argument(metavar="SYMBOL", help="Of what.", show_default=False)],
    account: Account,
    limit: Annotated[str | None, typer.Option("--limit", metavar="PRICE", help="No worse than this.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", metavar="PRICE", help="Once it trades there.")] = None,
    time: Annotated[
        Literal["next", "day", "gtc"], typer.Option("--time", help="One bar, the day, until cancelled.")
    ] = "day",
    reduce_only: Annotated[bool, typer.Option("--reduce-only", help="Never open or add.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask the gate; store nothing.")] = False,
    key: Annotated[
        str | None, typer.Option("--key", metavar="TEXT", help="The same again never orders twice.  [default: random]")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Real money is meant, on a live account.")] = False,
) -> None:
    """Place an order; the trader that holds the account sends it."""
    call = invocation(ctx)
    out = call.printer()
    much = amount(quantity, "QUANTITY")
    kind = "limit" if limit is not None else "market"
    if stop is not None:
        kind = "stop"
    with call.client() as client:
        placed = client.orders.place(
            account,
            instrument,
            side,
            str(much),
            kind=kind,
            limit_price=_price(limit, "--limit"),
            stop_price=_price(stop, "--stop"),
            time_in_force=time,
            reduce_only=reduce_only,
            confirm_live=yes,
            dry_run=dry_run,
            key=key,
        )
        waits = placed.state == "new" and placed.stored and not _is_traded(client, placed.account)
    out.answer(placed, [placed.id], lambda: _show_placed(out, placed, waits=waits))


@verb(app, "cancel")
def cancel(ctx: typer.Context, order: Id) -> None:
    """Ask for an order to be cancelled; one that ended stays as it is."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.orders.cancel(order)
    says = "a cancel waits to be sent" if found.cancel_waits else found.state
    out.answer(found, [found.id], lambda: out.line(f"{found.id}: {says}"))


@verb(app, "list")
def list_orders(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Option("--account", "-a", metavar="ACCOUNT", help="Only of this one.")] = None,
    active: Annotated[bool, typer.Option("--active", help="Only those that have not ended.")] = False,
    limit: Limit = 20,
) -> None:
    """List orders, latest first."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.orders.list(account, active=active, limit=limit)
    columns = (
        Column("id", keep=True),
        "account",
        Column("from", keep=True),
        Column("instrument", keep=True),
        "side",
        Column("quantity", right=True),
        "kind",
        Column("price", right=True),
        "state",
        Column("filled", right=True),
        Column("stored (UTC)", keep=True),
        "why",
    )
    rows = [
        (
            each.id,
            each.account,
            each.origin,
            each.instrument,
            each.side,
            _plain(each.quantity),
            each.kind,
            _plain(each.limit_price or each.stop_price),
            each.state,
            _plain(each.filled),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            each.reason,
        )
        for each in found
    ]
    out.answer(
        found,
        [each.id for each in found],
        lambda: out.table(columns, rows) if rows else out.line("No order yet."),
    )


@verb(app, "show")
def show(ctx: typer.Context, order: Id) -> None:
    """Show an order."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.orders.show(order)
    out.answer(found, [found.id], lambda: _show_one(out, found))


def _is_traded(client: Client, account: str) -> bool:
    return any(run.account == account and run.state in ("paper", "live", "paused") for run in client.runs.list(None))


def _show_placed(out: Printer, order: Order, *, waits: bool) -> None:
    _show_one(out, order)
    if waits:
        out.line(f"No run trades {order.account}, so there is no market to send it to: it waits for one until then.")
        out.line(
            f"Start one that orders nothing itself: midas run start --strategy by_hand --symbols {order.instrument} "
            f"--account {order.account.partition('.')[0]} --feed follow"
        )


def _show_one(out: Printer, order: Order) -> None:
    price = order.limit_price if order.limit_price is not None else order.stop_price
    out.facts(
        [
            ("order", order.id if order.stored else "a dry run: the gate says yes, nothing was stored"),
            ("account", order.account),
            ("from", f"run {order.run}" if order.run else order.origin),
            ("says", f"{order.side} {_plain(order.quantity)} {order.instrument}"),
            ("kind", f"{order.kind} {_plain(price)}".strip()),
            ("time", order.time_in_force),
            ("state", order.state if order.stored else ""),
            ("cancel", "waits to be sent" if order.cancel_waits else ""),
            ("filled", _plain(order.filled) if order.filled else ""),
            ("broker's number", order.number),
            ("why", order.reason),
            ("stored", f"{order.created_at:%Y-%m-%d %H:%M:%S} UTC" if order.stored else ""),
            ("valid until", f"{order.valid_until:%Y-%m-%d %H:%M:%S} UTC"),
        ]
    )


def _price(given: str | None, flag: str) -> str | None:
    found = amount(given, flag)
    return None if found is None else str(found)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,f}"
