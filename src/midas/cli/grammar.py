"""`midas NOUN VERB`: nouns are loaded when they are named, and every verb takes the options of `midas` itself."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from midas.cli.invocation import Invocation
from midas.core.errors import MidasError

if TYPE_CHECKING:  # typer keeps the names of these types to itself
    from typer._click.core import Command, Context, Parameter
    from typer._click.formatting import HelpFormatter

EVERYWHERE = tuple(field.name for field in fields(Invocation))
"""Names of the options that may stand before or after the verb."""

NOUNS: Mapping[str, tuple[str, str]] = {
    "data": ("midas.cli.datasets", "Market data: pull, import, look, check."),
    "instrument": ("midas.cli.instruments", "What can be traded, and its bars."),
    "strategy": ("midas.cli.strategies", "Strategies: of the library, and your own."),
    "factor": ("midas.cli.factors", "What strategies are made of."),
    "backtest": ("midas.cli.backtests", "Run strategies on the past; look, compare, export."),
    "sweep": ("midas.cli.sweeps", "Try a strategy's parameters; what is best, and how much that is worth."),
    "evaluate": ("midas.cli.evaluations", "Run all strategies on all tickers; the best of each."),
    "account": ("midas.cli.accounts", "Paper accounts: open, look, begin anew."),
    "order": ("midas.cli.orders", "Orders by hand, and everyone's orders."),
    "position": ("midas.cli.positions", "What accounts hold."),
    "trade": ("midas.cli.trades", "What was traded, and what it came to."),
    "ledger": ("midas.cli.ledger", "Whether the books are right."),
    "run": ("midas.cli.runs", "Strategies that trade: start, watch, stop."),
    "risk": ("midas.cli.risk", "Limits and the kill switch."),
    "job": ("midas.cli.jobs", "Work that takes a while."),
    "start": ("midas.cli.process.start", "Load the sample market, run a first backtest, serve."),
    "trader": ("midas.cli.process.trader", "Trade: carry out the runs there are, until stopped."),
    "serve": ("midas.cli.process.serve", "Serve the API and the page of backtests on this machine."),
    "doctor": ("midas.cli.process.doctor", "Say what is well and what is not."),
}
"""Module and summary of each noun (and of each verb that needs none), in the order they are shown."""

F = TypeVar("F", bound=Callable[..., object])


def noun(name: str) -> typer.Typer:
    """Return the Typer application that holds a noun's verbs."""
    return inner(name, NOUNS[name][1])


def inner(name: str, summary: str) -> typer.Typer:
    """Return the Typer application of a noun within a noun."""
    return typer.Typer(
        name=name,
        help=summary,
        cls=Noun,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
    )


def verb(app: typer.Typer, name: str) -> Callable[[F], F]:
    """Register a function as a noun's verb; its docstring is the help."""
    return app.command(name, cls=Verb)


def lone_verb(name: str) -> typer.Typer:
    """Return a Typer application for a command that is a verb without a noun."""
    return typer.Typer(name=name, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def _shared(ctx: Context) -> list[Parameter]:
    return [param for param in ctx.find_root().command.params if param.name in EVERYWHERE]


def _write_options(command: Command, ctx: Context, formatter: HelpFormatter) -> None:
    shared = _shared(ctx)
    groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Options of every command": []}
    for param in command.get_params(ctx):
        if isinstance(param, TyperOption):
            param.show_envvar = False  # the epilog of `midas --help` says how they are named
        record = param.get_help_record(ctx)
        if record is not None:
            own = "Arguments" if param.param_type_name == "argument" else "Options"
            groups["Options of every command" if param in shared else own].append(record)
    for title, records in groups.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def _take_shared(ctx: Context) -> None:
    # What stands nearer to the verb wins; -v adds up.
    before = ctx.find_object(Invocation) or Invocation()
    given: dict[str, Any] = {}
    for name in EVERYWHERE:
        value, source = ctx.params.pop(name, None), ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            given[name] = before.verbose + value if name == "verbose" else value
    ctx.obj = replace(before, **given)


class Verb(TyperCommand):
    """A command that prints its errors the way it was asked to print."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        return [*super().get_params(ctx), *_shared(ctx)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        _write_options(self, ctx, formatter)

    def invoke(self, ctx: Context) -> object:
        _take_shared(ctx)
        call: Invocation = ctx.obj
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except MidasError as error:
            from midas.cli.problems import report

            raise typer.Exit(report(error, json=call.json, trace=call.traces, no_color=call.no_color)) from error
        except BrokenPipeError:
            # The reader has seen enough (`midas ... | head`): nothing more may be written, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        return answer


class Noun(TyperGroup):
    """A noun's verbs; alone it prints what they are."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        return [*super().get_params(ctx), *_shared(ctx)]

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(command)) for name, command in self.commands.items()])

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        _help_when_bare(ctx, args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Context) -> object:
        _take_shared(ctx)
        return super().invoke(ctx)


class _Lazy(Mapping[str, "Command"]):
    def __getitem__(self, name: str) -> Command:
        command = typer.main.get_command(importlib.import_module(NOUNS[name][0]).app)
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(NOUNS)

    def __len__(self) -> int:
        return len(NOUNS)


class Root(TyperGroup):
    """`midas`: knows its nouns by name and summary, and imports one when it is called."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  # whatever Typer makes a group with
        super().__init__(**settings)
        self.commands = _Lazy()  # type: ignore[assignment]  # read only, which is all that is done with it

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002
        return list(NOUNS)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in NOUNS.items()])

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        _help_when_bare(ctx, args)
        return super().parse_args(ctx, args)


def _first_line(command: Command) -> str:
    return (command.help or "").partition("\n\n")[0].replace("\n", " ")


def _help_when_bare(ctx: Context, args: list[str]) -> None:
    if not args and not ctx.resilient_parsing:
        typer.echo(ctx.get_help())
        ctx.exit(0)
