"""`midas data`: what is in the lake, and how it gets there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from midas.cli.arguments import day, names, pairs
from midas.cli.confirm import confirmed, deleted
from midas.cli.exits import Exit
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.numbers import count, number
from midas.cli.printer import Column, Printer
from midas.core.errors import InvalidInput

if TYPE_CHECKING:
    from midas.wire.datasets import Action, Dataset, Finding, ImportReport

MOST_ROWS = 20
"""How many actions or findings a person is shown; -v and --json show all."""

app = noun("data")

Name = Annotated[str, typer.Argument(help="Name of a dataset; `midas data list` shows them.", show_default=False)]


@verb(app, "pull")
def pull(
    ctx: typer.Context,
    source: Annotated[str | None, typer.Argument(help="Where from: sample, yahoo, ...", show_default=False)] = None,
    symbols: Annotated[
        list[str] | None, typer.Option("--symbols", "-s", metavar="A,B", help="Which ones.  [default: all it has]")
    ] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="What to call the dataset.")] = None,
    named_source: Annotated[str | None, typer.Option("--source", hidden=True)] = None,
) -> None:
    """Fetch bars from a source and store them."""
    call = invocation(ctx)
    out = call.printer()
    wanted, first, last = names(symbols or ()), day(start, "--start"), day(end, "--end")
    with call.client() as client:
        where = source or named_source
        if where is None:
            known = ", ".join(each.name for each in client.datasets.sources())
            raise InvalidInput("Pull from where?", hint=f"Write `midas data pull SOURCE`; there are: {known}.")
        with out.progress(f"Pulling from {where}") as progress:
            reports = client.datasets.pull(where, wanted, first, last, dataset=name, progress=progress)
    out.answer(reports, [each.dataset.name for each in reports], lambda: _show_reports(out, reports))


@verb(app, "import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file, one row per symbol and date, or per tick.")],
    venue: Annotated[str, typer.Option("--venue", metavar="MIC", help="Market it is from: XKRX, XNAS, XNYS, ...")],
    timeframe: Annotated[str, typer.Option("--timeframe", metavar="1d", help="How long a bar is, or tick.")] = "1d",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS,...", help="Columns with unusual names, as close=종가."),
    ] = None,
    adjusted: Annotated[
        bool | None, typer.Option("--adjusted/--raw", help="What its prices are.  [default: detected]")
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out what breaks the data contract.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="What to call the dataset.  [default: MIC-1d]")] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Whose bars they are, where no column says.")] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="INR", help="Of a market whose rules are not known.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="Asia/Seoul", help="Of times that do not say theirs.")
    ] = None,
    stamps: Annotated[
        Literal["open", "close"], typer.Option("--stamps", help="Which time of a bar within the day the file gives.")
    ] = "close",
) -> None:
    """Store the bars or ticks of a file; one with errors is refused whole unless --skip-bad."""
    call = invocation(ctx)
    out = call.printer()
    columns = pairs(mapping or (), "--map")
    with call.client() as client, out.progress(f"Importing {file.name}") as progress:
        report = client.datasets.import_file(
            file,
            venue,
            timeframe,
            mapping=columns,
            adjusted=adjusted,
            skip_bad=skip_bad,
            name=name,
            symbol=symbol,
            currency=currency,
            timezone=timezone,
            stamps=stamps,
            progress=progress,
        )
    out.answer(report, [report.dataset.name], lambda: _show_reports(out, [report]))


@verb(app, "list")
def list_datasets(ctx: typer.Context) -> None:
    """List the datasets there are."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        datasets = client.datasets.list()
    out.answer(datasets, [each.name for each in datasets], lambda: _show_list(out, datasets))


@verb(app, "sources")
def sources(ctx: typer.Context) -> None:
    """List where data can be pulled from."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.datasets.sources()
    rows = [(each.name, each.summary) for each in found]
    out.answer(found, [each.name for each in found], lambda: out.table(["source", "what it has"], rows))


@verb(app, "show")
def show(ctx: typer.Context, name: Name) -> None:
    """Show a dataset, its notes and its corporate actions."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        dataset = client.datasets.show(name)
    out.answer(dataset, [dataset.name], lambda: _show_one(out, dataset))


@verb(app, "check")
def check(ctx: typer.Context, name: Name) -> None:
    """Check a stored dataset against the data contract again; errors end with exit code 4."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        report = client.datasets.check(name)

    def human() -> None:
        _show_findings(out, report.findings, name)
        errors = sum(each.severity == "error" for each in report.findings)
        out.line(
            f"{name}: {'well' if report.ok else 'broken'}, {_counted(errors, 'error')}, "
            f"{_counted(len(report.findings) - errors, 'warning')}"
        )

    out.answer(report, [name] if report.ok else [], human)
    if not report.ok:
        raise typer.Exit(Exit.DATA)


@verb(app, "delete")
def delete(
    ctx: typer.Context,
    datasets: Annotated[list[str], typer.Argument(metavar="NAME...", help="Datasets to delete.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete datasets; results made with them stay."""
    call = invocation(ctx)
    out = call.printer()
    confirmed(f"Delete {', '.join(datasets)}?", yes or call.json or call.quiet)
    with call.client() as client:
        gone = deleted(datasets, lambda name: client.datasets.show(name).name, client.datasets.delete)
    out.answer({"deleted": gone}, gone, lambda: out.line(f"deleted {', '.join(gone)}"))


def _show_reports(out: Printer, reports: Sequence[ImportReport]) -> None:
    out.table(_COLUMNS, [_cells(each.dataset) for each in reports])
    known = [each.dataset.name for each in reports if each.unchanged]
    if known:
        out.line(f"{', '.join(known)}: the same data were there already, nothing changed")
    for each in reports:
        _show_findings(out, each.findings, each.dataset.name)
        if each.skipped:
            shown = each.skipped if out.verbose else each.skipped[:MOST_ROWS]
            out.line(f"left out {_counted(len(each.skipped), 'row')} of {each.dataset.name}:")
            for row in shown:
                out.line(f"  {row}")
            _say_more(out, len(each.skipped) - len(shown))
        out.warn([f"{each.dataset.name}: {warning}" for warning in each.warnings])


def _show_list(out: Printer, datasets: Sequence[Dataset]) -> None:
    if not datasets:
        out.line("There is no data yet. Load the sample market with `midas data pull sample`.")
        return
    out.table([*_COLUMNS, Column("source", spare=1)], [(*_cells(each), each.source) for each in datasets])


_ROWS = Column("rows", right=True)
_COLUMNS: tuple[Column | str, ...] = (
    Column("dataset", keep=True),
    "holds",
    Column("symbols", right=True),
    _ROWS,
    Column("first", keep=True),
    Column("last", keep=True),
)


def _cells(dataset: Dataset) -> tuple[str, ...]:
    return (
        dataset.name,
        f"{dataset.venue} {dataset.timeframe} {dataset.basis} {dataset.currency}",
        count(dataset.symbols),
        count(dataset.rows),
        _day(dataset.first),
        _day(dataset.last),
    )


def _show_one(out: Printer, dataset: Dataset) -> None:
    out.facts(
        [
            ("dataset", dataset.name),
            ("version", dataset.version),
            ("venue", f"{dataset.venue}, {_kind_of(dataset)}, {dataset.basis}, {dataset.currency}"),
            ("source", dataset.source),
            ("holds", f"{_counted(dataset.rows, _row_of(dataset))} of {_counted(dataset.symbols, 'symbol')}"),
            ("from", f"{_day(dataset.first)} to {_day(dataset.last)}"),
            ("imported", f"{dataset.imported_at_utc:%Y-%m-%d %H:%M} UTC"),
        ]
    )
    for note in dataset.notes:
        out.line(f"note: {note}")
    _show_actions(out, dataset.actions)


def _show_actions(out: Printer, actions: Sequence[Action]) -> None:
    if not actions:
        return
    by_date = sorted(actions, key=lambda each: (each.ts, each.symbol))
    shown = by_date if out.verbose else by_date[-MOST_ROWS:]
    columns = (Column("date", keep=True), "symbol", "action", Column("value", right=True))
    rows = [(_day(each.ts), each.symbol, each.kind, number(each.value, 6).rstrip("0").rstrip(".")) for each in shown]
    out.line()
    out.table(columns, rows, title=f"corporate actions ({count(len(actions))})")
    _say_more(out, len(actions) - len(shown), "earlier")


def _show_findings(out: Printer, findings: Sequence[Finding], dataset: str) -> None:
    if not findings:
        return
    out.line()
    title = f"what the check of {dataset} found"
    if out.verbose:
        each_columns = ("severity", Column("finding", keep=True), "symbol", Column("date", keep=True), _ROWS, "")
        rows = [
            (each.severity, each.code, each.symbol or "", each.session or "", count(each.rows), each.detail)
            for each in findings
        ]
        out.table(each_columns, rows, title=title)
        return
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        kinds.setdefault((each.severity, each.code), []).append(each)
    columns = ("severity", Column("finding", keep=True), _ROWS, "for example")
    out.table(columns, [_kind(*kind, alike) for kind, alike in kinds.items()], title=title)
    if len(kinds) < len(findings):
        out.line("-v shows each")


def _kind(severity: str, code: str, alike: Sequence[Finding]) -> tuple[str, ...]:
    first = alike[0]
    example = f"{first.symbol or ''} {first.session or ''}: {first.detail}".strip(" :")
    return severity, code, count(sum(each.rows for each in alike)), example


def _say_more(out: Printer, hidden: int, which: str = "more") -> None:
    if hidden > 0:
        out.line(f"and {count(hidden)} {which}; -v shows all")


def _kind_of(dataset: Dataset) -> str:
    return "ticks" if dataset.timeframe == "tick" else f"{dataset.timeframe} bars"


def _row_of(dataset: Dataset) -> str:
    return "tick" if dataset.timeframe == "tick" else "row"


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def _counted(n: int, what: str) -> str:
    return f"{count(n)} {what}" if n == 1 else f"{count(n)} {what}s"
