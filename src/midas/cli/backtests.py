"""`midas backtest`: run, look, compare, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from midas.cli.arguments import pairs
from midas.cli.backtest_sheet import Curve, show_backtest, show_comparison, show_list
from midas.cli.confirm import confirmed, deleted
from midas.cli.dictionary import entry, show_dictionary, show_entry, show_measured
from midas.cli.grammar import noun, verb
from midas.cli.invocation import Invocation, invocation
from midas.cli.listing import Limit
from midas.cli.mixing import strategy_or_mix
from midas.cli.montecarlo_sheet import show_monte_carlo
from midas.cli.output_file import require_folder, write_file
from midas.cli.report_file import write_report
from midas.cli.result_file import require_result_file, write_result
from midas.cli.run_options import Asked, TableFormat, table_format, with_run_options
from midas.core.errors import InvalidInput

if TYPE_CHECKING:
    from midas.client.backtests import Backtest
    from midas.client.client import Client

app = noun("backtest")

Library = Literal["midas", "quantstats", "pyfolio", "freqtrade", "lean", "qlib"]

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a backtest, or its beginning.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or their beginnings.", show_default=False)]


@verb(app, "run")
@with_run_options
def run(
    ctx: typer.Context,
    asked: Asked,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME|FILE.yaml", help="Of the library, stored, or a file.")
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option("--mix", metavar="NAME:SHARE", help="Several of the library in one account: sma_cross:0.5."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option("--benchmark", metavar="SYMBOL", help="What to compare with: a buy-and-hold of it.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Also write FILE: .json all, .html tear sheet, .csv/.parquet equity."
        ),
    ] = None,
    more_settings: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Parameters, as --set gives them.")
    ] = None,
) -> None:
    """Run a strategy on the past.

    The same question about the same data is answered from the store unless --fresh. Decisions are taken at a bar's
    close and filled at the next bar's open.
    """
    call = invocation(ctx)
    out = call.printer()
    meant = strategy_or_mix(strategy, mix)
    if output is not None:
        require_result_file(output)
    with call.client() as client:
        with out.progress("Running") as progress:
            result = client.backtests.run(
                meant,
                pairs([*(settings or ()), *(more_settings or ())], "--set"),
                benchmark=benchmark,
                **asked,
                progress=progress,
            )
        path = None if output is None else write_result(client, result, output)
        _print(call, client, result)
    if path is not None:
        out.note(f"wrote {path}")


@verb(app, "list")
def list_backtests(
    ctx: typer.Context,
    strategy: Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Only those of one.")] = None,
    limit: Limit = 20,
) -> None:
    """List backtests, latest first."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.backtests.list(strategy, limit)
    out.answer(found, [each.id for each in found], lambda: show_list(out, found))


@verb(app, "show")
def show(
    ctx: typer.Context,
    backtest: Id,
    like: Annotated[
        Library, typer.Option("--as", help="Measure it as another library does, by its names and formulas.")
    ] = "midas",
) -> None:
    """Show a backtest; -v shows every measure."""
    call = invocation(ctx)
    with call.client() as client:
        if like != "midas":
            found = client.backtests.measured(backtest, like)
            out, shown = call.printer(), client.backtests.show(found.id)
            out.answer(found, [found.id], lambda: show_measured(out, found, shown))
            return
        _print(call, client, client.backtests.show(backtest))


@verb(app, "measures")
def measures(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One of them, with all that is said of it.")
    ] = None,
    like: Annotated[Library, typer.Option("--as", help="The measures of another library.")] = "midas",
) -> None:
    """List what every measure is, or show one: its formula, what it counts, and its source."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.backtests.measures(like)
    if name is None:
        out.answer(found, [each.name.replace(" ", "_") for each in found], lambda: show_dictionary(out, found))
        return
    one = entry(found, name)
    out.answer(one, [one.name.replace(" ", "_")], lambda: show_entry(out, one))


@verb(app, "compare")
def compare(ctx: typer.Context, backtests: Ids) -> None:
    """Show the measures of several backtests side by side."""
    call = invocation(ctx)
    out = call.printer()
    if len(backtests) < 2:
        raise InvalidInput("Two backtests or more can be compared.", hint="Name another one.", code="usage")
    with call.client() as client:
        found = client.backtests.compare(backtests)
        shown = [] if call.json or call.quiet else [client.backtests.show(each) for each in found.ids]
    out.answer(found, found.ids, lambda: show_comparison(out, found, shown))


@verb(app, "montecarlo")
def montecarlo(
    ctx: typer.Context,
    backtest: Id,
    method: Annotated[
        Literal["trades", "bootstrap", "noise"],
        typer.Option("--method", help="Trades in another order, sessions drawn again, or prices blurred."),
    ] = "bootstrap",
    paths: Annotated[
        int | None, typer.Option("--paths", min=1, metavar="N", help="How many.  [default: 1000; noise 100]")
    ] = None,
    noise: Annotated[
        float, typer.Option("--noise", metavar="X", help="Share of each name's daily volatility, for noise.")
    ] = 0.2,
) -> None:
    """Show what else might have happened: the spread of return, Sharpe ratio and drawdown."""
    call = invocation(ctx)
    out = call.printer()
    drawn = paths or (100 if method == "noise" else 1_000)
    with call.client() as client, out.progress("Drawing") as progress:
        found = client.backtests.monte_carlo(backtest, method, drawn, noise=noise, progress=progress)
    out.answer(found, [found.backtest], lambda: show_monte_carlo(out, found))


@verb(app, "export")
def export(
    ctx: typer.Context,
    backtest: Id,
    what: Annotated[
        Literal["equity", "fills", "trades", "positions", "rejects"], typer.Option("--what", help="Which series.")
    ] = "equity",
    format: TableFormat = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where; - is stdout.  [default: ID-WHAT.csv]"),
    ] = None,
) -> None:
    """Write a series of a backtest to a file."""
    call = invocation(ctx)
    out = call.printer()
    written_as = table_format(format, output)
    to_stdout = output == Path("-")
    if to_stdout and call.json:
        raise InvalidInput(
            "stdout cannot hold the series and a JSON document.", hint="Give --output FILE.", code="usage"
        )
    if output is not None and not to_stdout:
        require_folder(output)
    with call.client() as client:
        full_id = client.backtests.show(backtest).id
        content = client.backtests.export(full_id, what, written_as)
    if to_stdout:
        out.raw(content)
        return
    path = write_file(output or Path(f"{full_id}-{what}.{written_as}"), content)
    document = {"id": full_id, "what": what, "format": written_as, "path": str(path), "bytes": len(content)}
    out.answer(document, [str(path)], lambda: out.line(f"wrote {path}"))


@verb(app, "report")
def report(
    ctx: typer.Context,
    backtest: Id,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where.  [default: reports/ID.html in the data home]"),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write the tear sheet of a backtest: one HTML file that works offline."""
    call = invocation(ctx)
    out = call.printer()
    if output is not None:
        require_folder(output)
    with call.client() as client:
        full_id = client.backtests.show(backtest).id
        path = write_report(client, full_id, output)
    if open_it:
        typer.launch(path.as_uri())
    document = {"id": full_id, "path": str(path), "bytes": path.stat().st_size}
    out.answer(document, [str(path)], lambda: out.line(f"wrote {path}"))


@verb(app, "delete")
def delete(
    ctx: typer.Context,
    backtests: Ids,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete backtests and their series."""
    call = invocation(ctx)
    out = call.printer()
    confirmed(f"Delete {', '.join(backtests)}?", yes or call.json or call.quiet)
    with call.client() as client:
        gone = deleted(backtests, lambda each: client.backtests.show(each).id, client.backtests.delete)
    out.answer({"deleted": gone}, gone, lambda: out.line(f"deleted {', '.join(gone)}"))


def _print(call: Invocation, client: Client, result: Backtest) -> None:
    out = call.printer()

    def human() -> None:
        curve = Curve.read(client.backtests.export(result.id, "equity", "csv"))
        measures = client.backtests.compare([result.id]).rows if call.verbose else []
        show_backtest(out, result, curve, measures)

    out.answer(result, [result.id], human)
    if not call.json:
        out.warn(result.warnings)
