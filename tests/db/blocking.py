"""The database for tests that have nothing else to do while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from midas.db.database import Database


class Blocking:
    """A database whose every call waits, on one event loop."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._runner = asyncio.Runner()

    def read(self, query: Callable[..., Any], *args: Any) -> Any:
        return self._runner.run(self.database.read(query, *args))

    def write(self, query: Callable[..., Any], *args: Any) -> Any:
        return self._runner.run(self.database.write(query, *args))

    def close(self) -> None:
        self.database.close()
        self._runner.close()
