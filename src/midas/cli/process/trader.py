"""`midas trader`: a process of its own, made to be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer

from midas.cli.grammar import Verb, lone_verb
from midas.cli.invocation import invocation
from midas.cli.process.serve import require_local

app = lone_verb("trader")

CRASH_VARIABLE = "CRASHPOINT"
"""For tests: `NAME:N` kills the process where that place is reached for the N-th time."""


@app.command("trader", cls=Verb)
def trader(
    ctx: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when all runs are over or wait for bars.")
    ] = False,
    lease: Annotated[
        float, typer.Option("--lease", min=0.5, max=60.0, metavar="S", help="How long an account stays ours unheard.")
    ] = 10.0,
) -> None:
    """Trade: carry out the runs there are, until Ctrl-C. Only paper accounts; no live credentials are loaded.

    Kill it at any moment, also with -9: the next one goes on where this one was. SIGUSR1 pulls the kill switch.
    """
    call = invocation(ctx)
    require_local(call, "trader")
    out = call.printer()
    from midas.app.traders import trade
    from midas.app.workspace import Workspace
    from midas.cli.process.compiling import compile_kernels
    from midas.cli.process.serving import settings_for

    # a process that compiles hears nothing meanwhile, and would lose its accounts
    compile_kernels(out)
    with Workspace.open(settings_for(call.home, served=False)) as workspace:
        out.note(f"Trading the accounts of {workspace.home.root}. Ctrl-C stops it; runs go on with the next trader.")
        code = asyncio.run(
            trade(workspace, _say, until_idle=until_idle, lease_s=lease, crash=os.environ.get(CRASH_VARIABLE, ""))
        )
    out.answer({"home": str(workspace.home.root), "stopped": True}, [], lambda: None)
    if code:
        raise typer.Exit(code)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
