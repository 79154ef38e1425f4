"""`midas run`: start, stop, pause, resume, arm, list, status, parity, logs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.arguments import amount, basis_points, day, names, pairs
from midas.cli.grammar import noun, verb
from midas.cli.invocation import Invocation, invocation
from midas.cli.listing import Limit
from midas.cli.parity_sheet import show_parity
from midas.cli.printer import Column, Printer
from midas.cli.run_options import CommissionBps, SlippageBps, Strategy, Symbols, Timeframe, TradedLots, Universe
from midas.cli.run_sheet import audit_row, show_status

if TYPE_CHECKING:
    from midas.wire.runs import Run

app = noun("run")

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a run, or its beginning.", show_default=False)]
Style = Annotated[str, typer.Option("--style", metavar="STYLE", help="open, touch, twap:30m, twap:2h/8 or vwap:30m.")]
Latency = Annotated[
    int | None,
    typer.Option("--latency", metavar="MS", min=0, help="How long orders of a new account take.  [default: 0]"),
]
Feed = Annotated[
    str,
    typer.Option(
        "--feed",
        metavar="FEED",
        help="replay:START..END@SPEED: speed 1 as it happened, none at once. follow: each bar that is added to the "
        "dataset from now on; follow:START: from that session.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="For the audit trail.")]

Draft = Annotated[bool, typer.Option("--draft", help="Store it; it waits for `run resume`.")]

_EVERY_S = 1.0


@verb(app, "start")
def start(
    ctx: typer.Context,
    strategy: Strategy,
    feed: Feed,
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="Made when there is none.")] = "paper",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the strategy.")
    ] = None,
    universe: Universe = None,
    symbols: Symbols = None,
    timeframe: Timeframe = None,
    initial_capital: Annotated[
        str | None, typer.Option("--initial-capital", metavar="N", help="Of a new account.  [default: 100,000]")
    ] = None,
    allotment: Annotated[
        str | None, typer.Option("--allotment", metavar="N", help="What this run trades with.  [default: all there is]")
    ] = None,
    commission_bps: CommissionBps = None,
    slippage_bps: SlippageBps = "0",
    lots: TradedLots = "whole",
    style: Style = "open",
    latency: Latency = None,
    draft: Draft = False,
) -> None:
    """Let a strategy trade a paper account; `midas trader` does the trading."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        run = client.runs.start(
            strategy,
            pairs(settings or (), "--set"),
            feed=feed,
            account=account,
            universe=universe,
            symbols=names(symbols or ()),
            timeframe=timeframe,
            initial_capital=amount(initial_capital, "--initial-capital"),
            allotment=amount(allotment, "--allotment"),
            commission_bps=basis_points(commission_bps, "--commission-bps"),
            slippage_bps=basis_points(slippage_bps, "--slippage-bps") or 0.0,
            lots=lots,
            draft=draft,
            style=style,
            latency_ms=latency,
        )
    out.answer(run, [run.id], lambda: out.line(_begun(run)))


@verb(app, "list")
def list_runs(
    ctx: typer.Context,
    limit: Limit = 20,
) -> None:
    """List runs, latest first."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.runs.list(limit)
    out.answer(found, [each.id for each in found], lambda: _list(out, found))


@verb(app, "status")
def status(
    ctx: typer.Context,
    run: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Id of a run, or its beginning.  [default: the latest]")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Again every second, until the run is over.")] = False,
) -> None:
    """Show how a run and its account stand."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        wanted = run or _latest(call)
        while True:
            found = client.runs.status(wanted)
            out.answer(found, [found.run.id], lambda found=found: show_status(out, found))  # type: ignore[misc]
            if not watch or found.run.state == "stopped":
                return
            time.sleep(_EVERY_S)


@verb(app, "stop")
def stop(ctx: typer.Context, run: Id, reason: Reason = "asked by its owner") -> None:
    """End a run: its orders are cancelled, what it holds stays with the account."""
    call = invocation(ctx)
    with call.client() as client:
        _moved(call, client.runs.stop(run, reason))


@verb(app, "pause")
def pause(ctx: typer.Context, run: Id, reason: Reason = "asked by its owner") -> None:
    """Let a run hear the market and order nothing; its orders are cancelled, but for those that guard a position."""
    call = invocation(ctx)
    with call.client() as client:
        _moved(call, client.runs.pause(run, reason))


@verb(app, "resume")
def resume(ctx: typer.Context, run: Id) -> None:
    """Let a draft or paused run trade."""
    call = invocation(ctx)
    with call.client() as client:
        _moved(call, client.runs.resume(run))


@verb(app, "arm")
def arm(
    ctx: typer.Context,
    run: Id,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Real money is meant.")] = False,
) -> None:
    """Let a run of a live account trade real money; refused with everything that is in the way."""
    call = invocation(ctx)
    with call.client() as client:
        _moved(call, client.runs.arm(run, confirm_live=yes))


@verb(app, "parity")
def parity(
    ctx: typer.Context,
    run: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Id of a run, or its beginning.  [default: the latest]")
    ] = None,
    through: Annotated[
        str | None, typer.Option("--through", metavar="DATE", help="The last session to look at.  [default: all]")
    ] = None,
) -> None:
    """Compare a run with the backtest it should have been, on the bars it saw: what parted, and why."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.runs.parity(run or _latest(call), day(through, "--through"))
    out.answer(found, [found.run], lambda: show_parity(out, found))


@verb(app, "logs")
def logs(
    ctx: typer.Context,
    run: Id,
    after: Annotated[int, typer.Option("--after", min=-1, help="Lines behind this one; -1: the last ones.")] = -1,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most this many.")] = 50,
) -> None:
    """Show the audit trail of a run's account: who did what, why, and what they knew."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.runs.logs(run, after, limit)
    columns: list[Column | str] = [
        Column("n", right=True),
        Column("at", keep=True),
        "who",
        "act",
        Column("subject", keep=True),
        "detail",
    ]
    rows = [audit_row(each) for each in found]
    out.answer(found, [str(each.n) for each in found], lambda: out.table(columns, rows))


def _begun(run: Run) -> str:
    if run.state == "draft":
        return f"run {run.id} is a draft: `midas run resume {run.id}` lets it trade account {run.account}"
    return f"run {run.id} trades account {run.account} as soon as `midas trader` runs"


def _latest(call: Invocation) -> str:
    with call.client() as client:
        found = client.runs.list(1)
    return found[0].id if found else "none"


def _moved(call: Invocation, run: Run) -> None:
    out = call.printer()
    out.answer(run, [run.id], lambda: out.line(f"run {run.id} is {run.state}"))


def _list(out: Printer, found: list[Run]) -> None:
    columns: list[Column | str] = [
        Column("id", keep=True),
        "account",
        "strategy",
        "state",
        "at",
        Column("parity", spare=2),
        Column("feed", spare=1),
    ]
    rows = [
        [
            each.id,
            each.account,
            each.strategy,
            each.state,
            "" if each.at is None else f"{each.at:%Y-%m-%d}",
            each.parity or "",
            each.feed,
        ]
        for each in found
    ]
    out.table(columns, rows)
