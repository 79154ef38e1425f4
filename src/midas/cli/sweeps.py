"""`midas sweep`: run, look, export, delete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from midas.cli.arguments import grids, pairs
from midas.cli.confirm import confirmed, deleted
from midas.cli.grammar import noun, verb
from midas.cli.invocation import Invocation, invocation
from midas.cli.listing import Limit
from midas.cli.output_file import require_folder, write_file
from midas.cli.run_options import Asked, Metric, Strategy, TableFormat, table_format, with_run_options
from midas.cli.sweep_sheet import show_list, show_sweep

if TYPE_CHECKING:
    from midas.wire.sweeps import Sweep

app = noun("sweep")

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a sweep, or its beginning.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or their beginnings.", show_default=False)]


@verb(app, "run")
@with_run_options
def run(
    ctx: typer.Context,
    asked: Asked,
    strategy: Strategy,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid", metavar="NAME=VALUES", help="from:to:step or a,b,c; may be repeated.  [default: declared ranges]"
        ),
    ] = None,
    sampler: Annotated[
        Literal["grid", "random", "sobol", "tpe"], typer.Option("--sampler", help="All of the grid, or some of it.")
    ] = "grid",
    trials: Annotated[
        int | None, typer.Option("--trials", metavar="N", help="How many, unless it is all.  [default: 100]")
    ] = None,
    metric: Metric = "sharpe",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of random, sobol and tpe.")] = 0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter that is kept.")
    ] = None,
    walk_forward: Annotated[
        Literal["anchored", "rolling"] | None,
        typer.Option("--walk-forward", help="Also choose again and again, each time from the past alone."),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=1, metavar="N", help="So often, with --walk-forward.")] = 5,
) -> None:
    """Try a strategy's parameters on the past.

    Every trial is the backtest of its parameters. Whatever is tried counts against the best: see its luck. An
    interrupt keeps what is finished.
    """
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        with out.progress("Sweeping") as progress:
            result = client.sweeps.run(
                strategy,
                grids(grid or ()),
                params=pairs(settings or (), "--set"),
                sampler=sampler,
                trials=trials,
                metric=metric,
                seed=seed,
                walk_forward=walk_forward,
                folds=folds,
                progress=progress,
                **asked,
            )
        _print(call, result)


@verb(app, "list")
def list_sweeps(
    ctx: typer.Context,
    limit: Limit = 20,
) -> None:
    """List sweeps, latest first."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.sweeps.list(limit)
    out.answer(found, [each.id for each in found], lambda: show_list(out, found))


@verb(app, "show")
def show(ctx: typer.Context, sweep: Id) -> None:
    """Show a sweep: the best, its luck, and a map of the scores."""
    call = invocation(ctx)
    with call.client() as client:
        _print(call, client.sweeps.show(sweep))


@verb(app, "export")
def export(
    ctx: typer.Context,
    sweep: Id,
    format: TableFormat = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where.  [default: ID-trials.csv]")
    ] = None,
) -> None:
    """Write the trials to a file: parameters, score and main measures, one row each."""
    call = invocation(ctx)
    out = call.printer()
    written_as = table_format(format, output)
    if output is not None:
        require_folder(output)
    with call.client() as client:
        full_id = client.sweeps.show(sweep).id
        content = client.sweeps.export(full_id, written_as)
    path = write_file(output or Path(f"{full_id}-trials.{written_as}"), content)
    document = {"id": full_id, "format": written_as, "path": str(path), "bytes": len(content)}
    out.answer(document, [str(path)], lambda: out.line(f"wrote {path}"))


@verb(app, "delete")
def delete(
    ctx: typer.Context,
    sweeps: Ids,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete sweeps and their trials; what was tried stays counted."""
    call = invocation(ctx)
    out = call.printer()
    confirmed(f"Delete {', '.join(sweeps)}?", yes or call.json or call.quiet)
    with call.client() as client:
        gone = deleted(sweeps, lambda each: client.sweeps.show(each).id, client.sweeps.delete)
    out.answer({"deleted": gone}, gone, lambda: out.line(f"deleted {', '.join(gone)}"))


def _print(call: Invocation, result: Sweep) -> None:
    out = call.printer()
    out.answer(result, [result.id], lambda: show_sweep(out, result))
    if not call.json:
        out.warn(result.warnings)
