"""The `midas` command: its options, its nouns, and the edge of its process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from midas.cli.exits import EPILOG, Exit
from midas.cli.grammar import Root
from midas.cli.invocation import Invocation
from midas.cli.problems import report
from midas.core.errors import InvalidInput, MidasError

app = typer.Typer(
    name="midas",
    cls=Root,
    help="From market data to a checked backtest.",
    epilog=EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"auto_envvar_prefix": "MIDAS", "help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from midas import __version__

        typer.echo(f"midas {__version__}")
        raise typer.Exit(Exit.OK)


@app.callback()
def midas(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only ids and paths.")] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, show_default=False, help="Print more; -v -v adds the trace of an error."
        ),
    ] = 0,
    mode: Annotated[
        Literal["local", "cloud"] | None,
        typer.Option("--mode", help="Work on this machine or on a server.  [default: cloud if there is a --url]"),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", allow_from_autoenv=False, help="Server to ask.  [default: MIDAS_URL]")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", help="Data home.  [default: the user's data folder]")] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (NO_COLOR does the same).")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", allow_from_autoenv=False, callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """From market data to a checked backtest."""
    del version  # its callback has printed it
    ctx.obj = Invocation(json=json, quiet=quiet, verbose=verbose, mode=mode, url=url, home=home, no_color=no_color)


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask and return the exit code."""
    json = "--json" in arguments or os.environ.get("MIDAS_JSON", "") not in ("", "0", "false")
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="midas", standalone_mode=False)
        return code if isinstance(code, int) else Exit.OK
    except typer.TyperException as error:
        return report(_usage(error), json=json)
    except MidasError as error:
        return report(error, json=json)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("interrupted\n")
        return Exit.INTERRUPTED
    except Exception as error:  # house: broad-except: the edge of the process; it reports what nobody foresaw
        return report(_unforeseen(error), json=json, trace="-vv" in arguments or list(arguments).count("-v") > 1)


def main() -> None:
    """Run `midas` for the shell."""
    _never_fail_to_print(sys.stdout)
    _never_fail_to_print(sys.stderr)
    sys.exit(run(sys.argv[1:]))


def _usage(error: typer.TyperException) -> InvalidInput:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "midas"
    return InvalidInput(error.format_message(), hint=f"See `{path} --help`.", code="usage")


def _unforeseen(error: Exception) -> MidasError:
    failure = MidasError(
        f"Midas failed in a way nobody foresaw: {type(error).__name__}: {error}",
        hint="This is a mistake of ours; please report it.",
        code="internal",
    )
    failure.__cause__ = error
    return failure


def _never_fail_to_print(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


if __name__ == "__main__":
    main()
