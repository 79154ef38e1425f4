"""`midas serve`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from midas.cli.grammar import Verb, lone_verb
from midas.cli.invocation import Invocation, invocation
from midas.cli.process.port import DEFAULT_PORT, HOST, PORT_VARIABLES, reserve
from midas.core.errors import InvalidInput

app = lone_verb("serve")

Port = Annotated[
    int, typer.Option("--port", envvar=PORT_VARIABLES, help="Port on 127.0.0.1; 0 takes any that is free. [env: PORT]")
]


@app.command("serve", cls=Verb)
def serve(ctx: typer.Context, port: Port = DEFAULT_PORT) -> None:
    """Serve the API and the page of backtests on 127.0.0.1 until Ctrl-C."""
    call = invocation(ctx)
    require_local(call, "serve")
    with reserve(port) as reserved:
        from midas.cli.process.serving import serve_until_stopped, settings_for

        settings = settings_for(call.home, served=True)
        url = f"http://{HOST}:{reserved.getsockname()[1]}"
        home = str(settings.home.expanduser().absolute())

        def ready() -> None:
            out = call.printer()
            out.answer({"url": url, "home": home}, [url], lambda: out.line(f"Serving {home}\n{invitation(url)}"))
            sys.stdout.flush()

        serve_until_stopped(settings, reserved, ready, log=call.verbose > 0)


def invitation(url: str) -> str:
    """Return the line that says where to look."""
    return f"Midas is at {url} (API: {url}/docs). Ctrl-C stops it."


def require_local(call: Invocation, command: str) -> None:
    """Refuse a server address for a command that works on this machine.

    Raises
    ------
    InvalidInput: so.
    """
    if call.mode == "cloud" or call.url is not None:
        raise InvalidInput(
            f"`midas {command}` works on this machine.", hint="Leave out --url and --mode.", code="usage"
        )
