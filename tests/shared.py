"""What many tests begin with, made once and copied."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from midas.db import migrating
from midas.db.revision import HEAD
from midas.marketdata.lock import exclusive

PATIENCE_S = 280.0


@contextmanager
def copied_databases(folder: Path) -> Iterator[None]:
    """Let a new SQLite database be a copy of one in `folder`, which the migrations made.

    To go through them takes a tenth of a second. What is no new database is upgraded as ever, and the tests of the
    migrations ask for them by name.
    """
    template, upgrade = folder / "midas.db", migrating.upgrade

    def copied(path: Path, to: str = HEAD) -> None:
        if to != HEAD or path.exists() or not path.parent.is_dir():
            upgrade(path, to)
            return
        if not template.exists():
            upgrade(template)
        shutil.copyfile(template, path)

    patch = pytest.MonkeyPatch()
    patch.setattr(migrating, "upgrade", copied)
    yield
    patch.undo()


def pulled_home(base: Path, own: Path) -> Path:
    """Return a data home under `own` with the sample market and nothing else.

    A command in a process of its own pulls it for all workers of this run, whose folders are `base` or below it.
    """
    from tests.journeys.command import Midas

    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pulled"
    whole = shared / "whole"
    with exclusive(shared / "lock", "the sample market", PATIENCE_S):
        if not whole.exists():
            done = Midas(shared / "home", shared)("data", "pull", "sample", "--json")
            assert done.code == 0, done.err + done.out
            whole.touch()
        # a copy of each worker's own: a database that others have open is not copied whole
        shutil.copytree(shared / "home", own / "home")
    return own / "home"
