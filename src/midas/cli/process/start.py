"""`midas start`: from nothing to a first result that is served."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from midas.cli.backtest_sheet import Curve, show_backtest
from midas.cli.grammar import Verb, lone_verb
from midas.cli.invocation import invocation
from midas.cli.printer import Printer
from midas.cli.process.port import DEFAULT_PORT, HOST, reserve
from midas.cli.process.serve import Port, invitation, require_local
from midas.cli.report_file import write_report

if TYPE_CHECKING:
    from midas.client.backtests import Backtest
    from midas.client.client import Client

app = lone_verb("start")

SAMPLE = "sample"
STRATEGY = "sma_cross"


@app.command("start", cls=Verb)
def start(ctx: typer.Context, port: Port = DEFAULT_PORT) -> None:
    """Load the sample market, run a first backtest on it, show it, then serve on 127.0.0.1 until Ctrl-C."""
    call = invocation(ctx)
    require_local(call, "start")
    out = call.printer()
    with reserve(port) as reserved:
        from midas.cli.process.compiling import compile_kernels
        from midas.cli.process.serving import serve_until_stopped, settings_for
        from midas.client.client import Client

        settings = settings_for(call.home, served=True)
        with Client.open(home=settings.home) as client:
            _load_sample(client, out)
            compile_kernels(out)
            result, path = _first_backtest(client, out)
            curve = Curve.read(client.backtests.export(result.id, "equity", "csv"))
        url = f"http://{HOST}:{reserved.getsockname()[1]}"
        document = {"url": url, "home": str(settings.home), "backtest": result.id, "report": str(path)}

        def human() -> None:
            show_backtest(out, result, curve)
            out.line(f"\ntear sheet: {path}\n\n{invitation(url)}")

        def ready() -> None:
            out.answer(document, [str(path), url], human)
            out.warn(result.warnings)
            sys.stdout.flush()

        serve_until_stopped(settings, reserved, ready, log=call.verbose > 0)


def _load_sample(client: Client, out: Printer) -> None:
    if any(each.name == SAMPLE for each in client.datasets.list()):
        return
    out.note("Loading the sample market ...")
    with out.progress("Loading the sample market") as progress:
        for report in client.datasets.pull(SAMPLE, progress=progress):
            out.note(f"  {report.dataset.name}: {report.rows:,} bars of {report.symbols} names")


def _first_backtest(client: Client, out: Printer) -> tuple[Backtest, Path]:
    with out.progress("Running a first backtest") as progress:
        result = client.backtests.run(STRATEGY, universe=SAMPLE, progress=progress)
    return result, write_report(client, result.id)
