"""`midas risk quarantine`: list, release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.grammar import inner, verb
from midas.cli.invocation import invocation
from midas.cli.printer import Printer

if TYPE_CHECKING:
    from midas.wire.quarantines import Quarantined

app = inner("quarantine", "What nobody could explain: no new orders there until it is released.")


@verb(app, "list")
def list_quarantined(
    ctx: typer.Context,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Only of this one.  [default: all accounts]")
    ] = None,
) -> None:
    """List the instruments in quarantine, why, and what the trader's last look at the broker found there."""
    call = invocation(ctx)
    with call.client() as client:
        _show(call.printer(), client.risk.quarantined(account))


@verb(app, "release")
def release(
    ctx: typer.Context,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Symbol or id.", show_default=False)],
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="Whose.", show_default=False)],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="For the audit trail.")] = "released by hand",
    yes: Annotated[
        bool, typer.Option("--yes", help="Also where the books still differ: that difference is left alone then.")
    ] = False,
) -> None:
    """Let orders in an instrument go out again. A trader hears of it within a second.

    Refused where the trader's last look at the broker still found a difference there, or where it did not look since.
    With --yes what is known to differ is left as it is; anything new puts the instrument in quarantine again.
    """
    call = invocation(ctx)
    with call.client() as client:
        _show(call.printer(), client.risk.release_quarantine(symbol, account, why, anyway=yes))


def _show(out: Printer, found: list[Quarantined]) -> None:
    def human() -> None:
        if not found:
            out.line("nothing is in quarantine")
            return
        rows = [[each.account, each.instrument, each.why, "; ".join(each.differs) or "agrees"] for each in found]
        out.table(["account", "instrument", "why", "last look"], rows)

    out.answer(found, [f"{each.account}/{each.instrument}" for each in found], human)
