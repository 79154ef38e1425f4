"""The journals that the port's tests run on: in memory, in a file, on a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.journals import Case
from tests.db.emptied import empty
from tests.trading.entries import ACCOUNT

from midas.core.clock import SystemClock
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership

LEASE_S = 0.1


@pytest.fixture(params=["memory", "sqlite", "postgresql"], scope="module")
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path | str | None:
    """Where the journal is kept, with all its tables; None in memory."""
    if request.param == "memory":
        return None
    if request.param == "postgresql":
        made: str = request.getfixturevalue("postgres").fresh()
        return made
    file = tmp_path_factory.mktemp("journal") / "midas.db"
    place_of(file).upgrade()
    return file


@pytest.fixture
def case(where: Path | str | None, tmp_path: Path) -> Iterator[Case]:
    with asyncio.Runner() as runner:
        journal, owners, close = _memory() if where is None else _stored(where, tmp_path, runner)
        made = Case(journal, *owners, runner)
        made.epoch = made.run(made.ownership.acquire(ACCOUNT))
        yield made
        close()


def _memory() -> tuple[Any, list[Any], Callable[[], None]]:
    journal = MemoryJournal()
    return journal, [MemoryOwnership(journal), MemoryOwnership(journal)], lambda: None


def _stored(where: Path | str, folder: Path, runner: asyncio.Runner) -> tuple[Any, list[Any], Callable[[], None]]:
    place = place_of(where)
    empty(where)
    journal = SqlJournal(place)
    owners = [SqlOwnership(place, folder, SystemClock(), lease_s=LEASE_S, silence_s=60) for _ in range(2)]

    def close() -> None:
        for each in (*owners, journal):
            runner.run(each.close())

    return journal, owners, close
