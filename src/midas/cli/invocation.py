"""What a person asked of every command alike: how to print, and where to work."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from midas.core.errors import InvalidInput

if TYPE_CHECKING:
    from midas.cli.printer import Printer
    from midas.client.client import Client

TRACE_AT = 2
"""How many -v it takes to see the trace of an error."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options every command takes, before or after its name."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    mode: Literal["local", "cloud"] | None = None
    url: str | None = None
    home: Path | None = None
    no_color: bool = False

    @property
    def traces(self) -> bool:
        return self.verbose >= TRACE_AT

    def server(self) -> str | None:
        """Return the address of the server to ask, None for the platform inside this process.

        Raises
        ------
        InvalidInput: `--mode cloud` without an address, or `--mode local` with one.
        """
        if self.mode == "local":
            if self.url is not None:
                raise InvalidInput(
                    "--mode local works on this machine, --url on a server.", hint="Leave one out.", code="usage"
                )
            return None
        url = self.url or os.environ.get("MIDAS_URL") or None
        if self.mode == "cloud" and url is None:
            raise InvalidInput(
                "--mode cloud needs a server.", hint="Add --url http://HOST:PORT or set MIDAS_URL.", code="usage"
            )
        return url

    def client(self) -> Client:
        """Open the client; the caller closes it."""
        url = self.server()
        from midas.client.client import Client

        if url is not None:
            return Client.open(url=url)
        return Client.open(home=self.home)

    def printer(self) -> Printer:
        from midas.cli.printer import Printer

        return Printer(json=self.json, quiet=self.quiet, verbose=self.verbose, no_color=self.no_color)


def invocation(ctx: typer.Context) -> Invocation:
    """Return what this command was asked with."""
    found = ctx.find_object(Invocation)
    return found if found is not None else Invocation()
