"""`midas job`: work that takes a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from midas.cli.grammar import noun, verb
from midas.cli.invocation import invocation
from midas.cli.listing import Limit
from midas.cli.numbers import percent
from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.jobs import Job

app = noun("job")

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a job.", show_default=False)]


@verb(app, "list")
def list_jobs(ctx: typer.Context, limit: Limit = 20) -> None:
    """List jobs, latest first."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.jobs.list(limit)
    columns = (
        Column("id", keep=True),
        "kind",
        "state",
        Column("done", right=True),
        Column("begun (UTC)", keep=True),
        "",
    )
    rows = [
        (
            each.id,
            each.kind,
            each.state,
            percent(each.progress, 0),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            _last_word(each),
        )
        for each in found
    ]
    out.answer(
        found,
        [each.id for each in found],
        lambda: out.table(columns, rows) if rows else out.line("No job was run yet."),
    )


@verb(app, "show")
def show(ctx: typer.Context, job: Id) -> None:
    """Show a job."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        found = client.jobs.show(job)
    out.answer(found, [found.id], lambda: _show_one(out, found))


@verb(app, "cancel")
def cancel(ctx: typer.Context, job: Id) -> None:
    """Ask a job to stop; a finished one stays as it is."""
    call = invocation(ctx)
    out = call.printer()
    with call.client() as client:
        client.jobs.cancel(job)
        found = client.jobs.show(job)
    out.answer(found, [found.id], lambda: out.line(f"{found.id} is {found.state}"))


def _show_one(out: Printer, job: Job) -> None:
    ended = "" if job.finished_at is None else f"{job.finished_at:%Y-%m-%d %H:%M:%S} UTC"
    out.facts(
        [
            ("job", job.id),
            ("kind", job.kind),
            ("state", f"{job.state}, {percent(job.progress, 0)}"),
            ("begun", f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("ended", ended),
            ("made", job.result_id or ""),
            ("says", _last_word(job)),
        ]
    )


def _last_word(job: Job) -> str:
    return job.message if job.error is None else job.error.detail
