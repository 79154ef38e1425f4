"""What the doctor looks at in a data home."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from midas.cli.exits import Exit, exit_for
from midas.cli.process.checkup import BROKEN, OK, WARNING, Check
from midas.client.client import Client
from midas.core.errors import MidasError
from midas.wire.datasets import CheckReport


def database(path: Path) -> Check:
    """Check that the SQLite file is whole, without opening it for writing."""
    if not path.exists():
        return Check("database", OK, "none yet (made when something is stored)")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        said = [str(error)]
    if said == ["ok"]:
        return Check("database", OK, f"{path} is whole")
    return Check(
        "database",
        BROKEN,
        f"{path} is damaged: {'; '.join(said)}.",
        "Restore it from a backup, or move it away: data and results stay on disk.",
        Exit.CORRUPT,
    )


def server(address: str) -> Check:
    """Check a PostgreSQL server: that it answers, holds our tables, takes writes, and keeps a session's locks.

    What is told of the address is the name of the database, its host and port: never who asks, nor the password.
    """
    from midas.app.database_checkup import server_state

    try:
        found = server_state(address)
    except MidasError as error:
        return Check("database", BROKEN, error.message, error.hint, exit_for(error))
    detail = f"{found.name}, PostgreSQL {found.version}"
    if found.standby:
        return Check("database", BROKEN, f"{detail}: a standby, which takes no writes.", "Name the primary server.")
    if found.revision not in (None, found.latest):
        hint = "Any command that stores something upgrades it; back it up first."
        return Check("database", WARNING, f"{detail}, tables at revision {found.revision} of {found.latest}.", hint)
    if not found.locks:
        hint = "`midas trader` needs a direct connection, not a pooler that works by transaction."
        return Check("database", BROKEN, f"{detail}: a session's locks do not last.", hint)
    tables = "no tables yet (made when something is stored)" if found.revision is None else f"revision {found.revision}"
    return Check("database", OK, f"{detail}, {tables}, locks hold")


def datasets(home: Path | None) -> Iterator[Check]:
    """Check every dataset of the lake against the data contract."""
    try:
        with Client.open(home=home) as client:
            names = [each.name for each in client.datasets.list()]
            if not names:
                yield Check("datasets", OK, "none yet; load the sample market with `midas data pull sample`")
            for name in names:
                yield _dataset(client, name)
    except MidasError as error:
        yield Check("datasets", BROKEN, error.message, error.hint, exit_for(error))


def _dataset(client: Client, name: str) -> Check:
    try:
        return _judged(client.datasets.check(name))
    except MidasError as error:
        return Check(f"dataset {name}", BROKEN, error.message, error.hint, exit_for(error))


def _judged(report: CheckReport) -> Check:
    name = f"dataset {report.dataset}"
    if report.ok:
        warnings = len(report.findings)
        detail = "well" if not warnings else f"well, {warnings} warnings"
        return Check(name, OK if not warnings else WARNING, detail)
    errors = sorted({each.code for each in report.findings if each.severity == "error"})
    return Check(name, BROKEN, f"broken: {', '.join(errors)}.", f"See `midas data check {report.dataset}`.", Exit.DATA)
