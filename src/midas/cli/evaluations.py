"""`midas evaluate`: run, look, run again, export, delete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.arguments import names
from midas.cli.confirm import confirmed, deleted
from midas.cli.grammar import noun, verb
from midas.cli.invocation import Invocation, invocation
from midas.cli.listing import Limit
from midas.cli.numbers import count, number
from midas.cli.output_file import require_folder, write_file
from midas.cli.printer import Column, Printer
from midas.cli.run_options import Asked, Metric, TableFormat, table_format, with_run_options

if TYPE_CHECKING:
    from midas.wire.evaluations import Evaluation

app = noun("evaluate")

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of an evaluation, or its beginning.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or their beginnings.", show_default=False)]


@verb(app, "run")
@with_run_options
def run(
    ctx: typer.Context,
    asked: Asked,
    strategies: Annotated[
        list[str] | None, typer.Option("--strategies", metavar="A,B", help="Of the library.  [default: all]")
    ] = None,
    metric: Metric = "sharpe",
) -> None:
    """Run strategies alone on each ticker and say which was best where.

    Every pair has an account of its own. The best of many is partly luck: each pair counts as a try at its strategy.
    """
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        with out.progress("Evaluating") as progress:
            result = client.evaluations.run(
                names(strategies or ()),
                metric=metric,
                progress=progress,
                **asked,
            )
        _print(call, result)


@verb(app, "rerun")
def rerun(ctx: typer.Context, evaluation: Id) -> None:
    """Run an evaluation again, on the data there is now."""
    call = invocation(ctx)
    with call.client() as client:
        with call.printer().progress("Evaluating") as progress:
            result = client.evaluations.rerun(evaluation, progress)
        _print(call, result)


@verb(app, "list")
def list_evaluations(
    ctx: typer.Context,
    limit: Limit = 20,
) -> None:
    """List evaluations, latest first."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.evaluations.list(limit)
    out.answer(found, [each.id for each in found], lambda: _show_list(out, found))


@verb(app, "show")
def show(ctx: typer.Context, evaluation: Id) -> None:
    """Show an evaluation; -v shows the score of every strategy."""
    call = invocation(ctx)
    with call.client() as client:
        _print(call, client.evaluations.show(evaluation))


@verb(app, "export")
def export(
    ctx: typer.Context,
    evaluation: Id,
    format: TableFormat = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where.  [default: ID-scores.csv]")
    ] = None,
) -> None:
    """Write the measures of every pair to a file."""
    call = invocation(ctx)
    out = call.printer()
    written_as = table_format(format, output)
    if output is not None:
        require_folder(output)
    with call.client() as client:
        full_id = client.evaluations.show(evaluation).id
        content = client.evaluations.export(full_id, written_as)
    path = write_file(output or Path(f"{full_id}-scores.{written_as}"), content)
    document = {"id": full_id, "format": written_as, "path": str(path), "bytes": len(content)}
    out.answer(document, [str(path)], lambda: out.line(f"wrote {path}"))


@verb(app, "delete")
def delete(
    ctx: typer.Context,
    evaluations: Ids,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete evaluations and their measures; what was tried stays counted."""
    call = invocation(ctx)
    out = call.printer()
    confirmed(f"Delete {', '.join(evaluations)}?", yes or call.json or call.quiet)
    with call.client() as client:
        gone = deleted(evaluations, lambda each: client.evaluations.show(each).id, client.evaluations.delete)
    out.answer({"deleted": gone}, gone, lambda: out.line(f"deleted {', '.join(gone)}"))


def _print(call: Invocation, result: Evaluation) -> None:
    out = call.printer()
    out.answer(result, [result.id], lambda: _show(out, result))
    if not call.json:
        out.warn(result.warnings)


def _show(out: Printer, result: Evaluation) -> None:
    stopped = "; stopped before the end" if result.status == "cancelled" else ""
    size = f"{count(len(result.strategies))} strategies on {count(len(result.results))} instruments"
    out.line(f"{result.id}  {size}, {result.start} to {result.end}, by {result.metric}{stopped}")
    out.line()
    names = result.strategies if out.verbose else []
    rows = [
        (
            symbol,
            scores.best_strategy or "none",
            number(scores.best_score),
            *(number(scores.all.get(name)) for name in names),
        )
        for symbol, scores in result.results.items()
    ]
    every = [Column(name, right=True) for name in names]
    out.table((Column("symbol", keep=True), "best strategy", Column(result.metric, right=True), *every), rows)
    for pair, why in list(result.refused.items())[:3]:
        out.text(f"{pair}: {why}")
    if len(result.refused) > 3:
        out.text(f"{count(len(result.refused) - 3)} more pairs could not be run.")


def _show_list(out: Printer, found: Sequence[Evaluation]) -> None:
    if not found:
        out.line("No evaluation yet. Try `midas evaluate run --universe sample`.")
        return
    rows = [
        (
            each.id,
            each.universe or ", ".join(each.symbols[:3]) + ("…" if len(each.symbols) > 3 else ""),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            count(len(each.results)),
            count(len(each.strategies)),
            each.metric,
            each.status,
        )
        for each in found
    ]
    sizes = (Column("instruments", right=True), Column("strategies", right=True), "metric", Column("status", spare=1))
    out.table((Column("id", keep=True), "on", Column("run (UTC)", keep=True, spare=2), *sizes), rows)
