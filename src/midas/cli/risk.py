"""`midas risk`: limits, kill, release, drill; quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from midas.cli import quarantines
from midas.cli.arguments import pairs
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Printer
from midas.cli.run_sheet import left_alone

if TYPE_CHECKING:
    from midas.wire.risk import Pulled

app = noun("risk")
app.add_typer(quarantines.app)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Name or id of an account.", show_default=False)]
OneAccount = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Only this one.  [default: all accounts]")
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="For the audit trail.")]


@verb(app, "kill")
def kill(
    ctx: typer.Context,
    why: Why = "pulled by hand",
    level: Annotated[
        Literal["REDUCE_ONLY", "PAUSE", "CANCEL_ALL", "FLATTEN", "HALT"],
        typer.Option("--level", case_sensitive=False, help="Each stops all that those before it stop."),
    ] = "CANCEL_ALL",
    account: OneAccount = None,
) -> None:
    """Pull the kill switch. It holds until it is released, also across restarts.

    REDUCE_ONLY: nothing that opens or adds. PAUSE: no new order. CANCEL_ALL: and open orders are cancelled. FLATTEN:
    and positions are closed, but for what is in quarantine. HALT: nothing is sent at all, and the trader stops.
    """
    call = invocation(ctx)
    with call.client() as client:
        _show(call.printer(), client.risk.kill(why, level, account))


@verb(app, "release")
def release(ctx: typer.Context, why: Why = "released by hand", account: OneAccount = None) -> None:
    """Release the kill switch, of one account or the one of all."""
    call = invocation(ctx)
    with call.client() as client:
        _show(call.printer(), client.risk.release(why, account))


@verb(app, "pulled")
def pulled(ctx: typer.Context) -> None:
    """Show the switches that are pulled."""
    call = invocation(ctx)
    with call.client() as client:
        _show(call.printer(), client.risk.pulled())


@verb(app, "drill")
def drill(ctx: typer.Context, account: Account) -> None:
    """Pull an account's switch as far as REDUCE_ONLY, see how soon its trader hears of it, and release it."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.risk.drill(account)
    told = "no trader heard of it" if not found.heard else f"heard after {found.milliseconds:.0f} ms"
    out.answer(found, [found.account], lambda: out.line(f"{found.account}: {told}"))


@verb(app, "limits")
def limits(
    ctx: typer.Context,
    account: Account,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Of this run alone.  [default: the account's]")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change one, none takes it away; may be repeated."),
    ] = None,
) -> None:
    """Show the limits of an account or of one of its runs, or change some. A trader obeys within a second.

    Both hold. collar: how far a price may be from the last one. position, gross: of one name and of all, of equity.
    daily_loss, drawdown: of the day's first and of the highest equity. All four, like collar, are fractions.
    max_quantity, max_notional: of one order. orders_per_second, _minute, _day. duplicate_window_s: the same order
    again within it. repeats_per_minute: executions of one name and side. quote_age_s, snapshot_age_s: older counts as
    unknown. cooldown_s: quiet after a loss at its limit. restricted: names, A+B. allow_short: true or false.
    """
    call = invocation(ctx)
    out = call.printer()
    values = {name: _value(name, text) for name, text in pairs(settings or (), "--set").items()}
    with call.client() as client:
        found = client.risk.set_limits(account, values, run) if values else client.risk.limits(account, run)
    rows = [(name, "none" if value is None else str(value)) for name, value in found.limits.model_dump().items()]
    out.answer(found, [found.account], lambda: out.facts(rows))


def _value(name: str, text: str) -> object:
    if name == "restricted":
        return [] if text.lower() == "none" else [part for part in text.split("+") if part]
    return {"none": None, "true": True, "false": False}.get(text.lower(), text)


def _show(out: Printer, found: list[Pulled]) -> None:
    def human() -> None:
        if not found:
            out.line("no switch is pulled")
            return
        rows = [[each.level, each.account or "all", each.where, each.who, each.why] for each in found]
        out.table(["level", "account", "where", "who", "why"], rows)

    out.answer(found, [each.account or "all" for each in found], human)
    out.warn(sorted({left_alone(each.instrument, each.account) for one in found for each in one.not_flattened}))
