"""`midas doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from midas.cli.grammar import Verb, lone_verb
from midas.cli.invocation import Invocation, invocation
from midas.cli.printer import Column, Printer
from midas.cli.process.checkup import BROKEN, Check
from midas.cli.process.port import DEFAULT_PORT, PORT_VARIABLES
from midas.cli.process.serve import require_local

app = lone_verb("doctor")


@app.command("doctor", cls=Verb)
def doctor(
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option("--port", envvar=PORT_VARIABLES, help="Port to look at. [env: PORT]")
    ] = DEFAULT_PORT,
) -> None:
    """Say what is well and what is not; ends with the code of what is broken first."""
    call = invocation(ctx)
    require_local(call, "doctor")
    out = call.printer()
    with out.progress("Looking") as progress:
        checks = []
        for check in _checks(call, port):
            checks.append(check)
            if progress is not None:
                progress(0.0, check.name)
    broken = [check for check in checks if check.status == BROKEN]
    document = {"ok": not broken, "checks": [check.to_json() for check in checks]}
    out.answer(document, [check.name for check in broken], lambda: _show(out, checks))
    if broken:
        raise typer.Exit(broken[0].exit_code)


def _checks(call: Invocation, port: int) -> Iterator[Check]:
    from midas.app.home import Home
    from midas.cli.process import checkup, stored
    from midas.cli.process.serving import settings_for

    settings = settings_for(call.home, served=False)
    home = Home(settings.home.expanduser().absolute())
    yield from (checkup.python(), checkup.versions(), checkup.sample_market())
    yield from (checkup.home(home.root), checkup.disk(home.root), checkup.kernels(), checkup.port(port))
    address = settings.database
    database = stored.database(home.database) if address is None else stored.server(address.get_secret_value())
    yield database
    if database.status != BROKEN and (home.database.exists() or address is not None):
        yield from stored.datasets(call.home)


def _show(out: Printer, checks: list[Check]) -> None:
    rows = [(check.status, check.name, check.detail + (f" {check.hint}" if check.hint else "")) for check in checks]
    out.table((Column("", keep=True), Column("what", keep=True), "how it is"), rows)
    broken = sum(check.status == BROKEN for check in checks)
    out.line("All is well." if not broken else f"{broken} broken.")
