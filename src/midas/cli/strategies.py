"""`midas strategy`: of the library, and your own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.arguments import names, pairs
from midas.cli.confirm import confirmed, deleted
from midas.cli.exits import Exit
from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.numbers import count
from midas.cli.output_file import write_file
from midas.cli.plain import plain_lines
from midas.cli.plan_sheet import show_plan
from midas.cli.printer import Column, Printer
from midas.cli.run_options import Timeframe
from midas.core.errors import AlreadyExists, InvalidInput, StrategyInvalid

if TYPE_CHECKING:
    from midas.client.client import Client
    from midas.wire.strategies import ParamInfo, Strategy, StrategyCheck

app = noun("strategy")

Name = Annotated[str, typer.Argument(metavar="NAME", help="`midas strategy list` shows them.", show_default=False)]


@verb(app, "list")
def list_strategies(ctx: typer.Context) -> None:
    """List the library's strategies and your own."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.strategies.list()
    columns = (Column("name", keep=True), Column("from", keep=True), "speaks", "parameters", "what it does")
    rows = [(each.name, _origin(each), each.every, _defaults(each), each.summary) for each in found]
    out.answer(found, [each.name for each in found], lambda: out.table(columns, rows))


@verb(app, "show")
def show(
    ctx: typer.Context,
    name: Name,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="A stored version.  [default: latest]")
    ] = None,
) -> None:
    """Show a strategy: what it does, its parameters, its text."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.strategies.show(name, version)
    out.answer(found, [found.name], lambda: _show_one(out, found))


@verb(app, "check")
def check(
    ctx: typer.Context,
    strategy: Annotated[str, typer.Argument(metavar="NAME|FILE.yaml", help="What to check.", show_default=False)],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give a parameter this value.")
    ] = None,
    universe: Annotated[
        str | None, typer.Option("--universe", metavar="NAME", help="Also try it for bias on this dataset or market.")
    ] = None,
    symbols: Annotated[
        list[str] | None, typer.Option("--symbols", "-s", metavar="A,B", help="Also try it for bias on these.")
    ] = None,
    timeframe: Timeframe = None,
) -> None:
    """Build a strategy and say what it needs; one that is wrong or knows the future ends with exit code 2.

    With data it is run on them cut short, followed by invented bars, restated, a bar later and at twice the cost.
    """
    call = invocation(ctx)
    out = call.printer()
    params = pairs(settings or (), "--set")
    with call.client() as client:
        found = client.strategies.check(
            strategy, params, universe=universe, symbols=names(symbols or ()), timeframe=timeframe
        )
    if not found.ok and found.bias is None and not call.json:
        raise _cannot_run(strategy, found)
    out.answer(found, [found.name], lambda: _show_check(out, found))
    if not found.ok:
        raise typer.Exit(Exit.INVALID)


@verb(app, "explain")
def explain(
    ctx: typer.Context,
    strategy: Annotated[str, typer.Argument(metavar="NAME|FILE.yaml", help="What to explain.", show_default=False)],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give a parameter this value.")
    ] = None,
) -> None:
    """Show what is computed for a strategy: loops in order, on which rows, warm-up, memory and cost."""
    call = invocation(ctx)
    out = call.printer()
    params = pairs(settings or (), "--set")
    with call.client() as client:
        found = client.strategies.explain(strategy, params)
    out.answer(found, [found.name], lambda: show_plan(out, found))


@verb(app, "new")
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.  [default: NAME.yaml]")
    ] = None,
    like: Annotated[
        str, typer.Option("--like", metavar="NAME", help="A strategy of the library, or your own, to begin from.")
    ] = "momentum",
) -> None:
    """Write a strategy file to begin with."""
    call = invocation(ctx)
    out = call.printer()
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", name):
        raise InvalidInput(
            f"A strategy cannot be called {name!r}.",
            hint="Use small letters, digits, _ and -, and begin with a letter, e.g. my_momentum.",
        )
    file = output or Path(f"{name}.yaml")
    if file.exists():
        raise AlreadyExists(f"{file} is there already.", hint="Give another name, or --output FILE.")
    with call.client() as client:
        text = client.strategies.show(like).yaml
    path = write_file(file, re.sub(r"(?m)^name: .*$", f"name: {name}", text, count=1).encode())

    def human() -> None:
        out.line(f"wrote {path}")
        out.line(f"next: midas strategy check {file}")

    out.answer({"name": name, "path": str(path)}, [str(path)], human)


@verb(app, "save")
def save(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="[NAME] FILE.yaml", help="The file's own name, unless another is given.")
    ],
    update: Annotated[bool, typer.Option("--update", help="Make it the next version of a stored one.")] = False,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="Update, if this is still the latest version.")
    ] = None,
) -> None:
    """Store a strategy file under a name."""
    call = invocation(ctx)
    out = call.printer()
    file, given_name = _file_and_name(words)
    text = _text(file)
    with call.client() as client:
        name = given_name or _own_name(client, file, text)
        base = client.strategies.show(name).version if update and version is None else version
        try:
            saved = client.strategies.save(name, text, base)
        except AlreadyExists as error:
            if error.code == "library_strategy":
                raise
            hint = "Add --update to make it the next version, or save it as `midas strategy save NAME FILE.yaml`."
            raise AlreadyExists(error.message, hint=hint, code=error.code) from error
    out.answer(saved, [saved.name], lambda: out.line(f"saved {saved.name}, version {saved.version}"))


@verb(app, "delete")
def delete(
    ctx: typer.Context,
    strategies: Annotated[list[str], typer.Argument(metavar="NAME...", help="Stored strategies.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget stored strategies with all their versions; results made with them stay."""
    call = invocation(ctx)
    out = call.printer()
    confirmed(f"Delete {', '.join(strategies)}?", yes or call.json or call.quiet)
    with call.client() as client:
        gone = deleted(strategies, lambda name: client.strategies.show(name).name, client.strategies.delete)
    out.answer({"deleted": gone}, gone, lambda: out.line(f"deleted {', '.join(gone)}"))


def _file_and_name(words: Sequence[str]) -> tuple[Path, str | None]:
    files = [word for word in words if word.endswith((".yaml", ".yml"))]
    others = [word for word in words if word not in files]
    if len(files) != 1 or len(others) > 1:
        raise InvalidInput(
            "Which file is to be saved?", hint="Write `midas strategy save [NAME] FILE.yaml`.", code="usage"
        )
    return Path(files[0]), others[0] if others else None


def _text(file: Path) -> str:
    from midas.client.reference import reference

    return str(reference(file)["yaml"])


def _own_name(client: Client, file: Path, text: str) -> str:
    checked = client.strategies.check(text)
    if not checked.ok:
        raise _cannot_run(str(file), checked)
    return checked.name


def _cannot_run(strategy: str, checked: StrategyCheck) -> StrategyInvalid:
    if len(checked.messages) == 1:
        return StrategyInvalid(f"{strategy} cannot run. {checked.messages[0]}", hint="Correct it and check it again.")
    return StrategyInvalid(f"{strategy} cannot run.", hint="Correct it and check it again.", findings=checked.messages)


def _defaults(strategy: Strategy) -> str:
    return ", ".join(f"{param.name}={param.default}" for param in strategy.params if param.name != "every")


def _origin(strategy: Strategy) -> str:
    return "library" if strategy.source == "library" else f"you, version {strategy.version}"


def _show_one(out: Printer, found: Strategy) -> None:
    out.facts(
        [
            ("strategy", found.name),
            ("from", _origin(found)),
            ("speaks", found.every),
            ("warm-up", f"{count(found.warm_up)} bars"),
        ]
    )
    if about := found.doc or found.summary:
        out.line()
        out.line(plain_lines(about))
    out.line()
    _show_params(out, found.params)
    out.line()
    out.line(plain_lines(found.yaml))


def _show_check(out: Printer, found: StrategyCheck) -> None:
    out.line(f"{found.name}: {'well' if found.ok else 'it knows the future'}")
    out.facts(
        [
            ("speaks", found.every or ""),
            ("warm-up", f"{count(found.warm_up)} bars"),
            ("reads", ", ".join(found.fields)),
            ("uses", ", ".join(found.operators)),
        ]
    )
    _show_params(out, found.params)
    if found.bias is not None:
        columns = (Column("check", keep=True), Column("verdict", keep=True), "what came of it")
        out.table(columns, [(each.check, each.verdict, each.sentence) for each in found.bias.findings])
    out.warn(found.messages)


def _show_params(out: Printer, params: Sequence[ParamInfo]) -> None:
    if params:
        columns = (Column("parameter", keep=True), "kind", Column("default", right=True), "may be", "")
        rows = [(each.name, each.kind, str(each.default), _range(each), each.summary) for each in params]
        out.table(columns, rows)


def _range(param: ParamInfo) -> str:
    if param.choices:
        return ", ".join(str(choice) for choice in param.choices)
    low, high = param.low, param.high
    if low is None and high is None:
        return "any"
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high}"
