"""The one place where the parts are put together."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from midas.app.home import Home
from midas.app.job_runner import JobRunner
from midas.app.seats import InlineSeat, ProcessSeat, Seat
from midas.app.settings import JobSettings, Settings
from midas.core.clock import Clock, SystemClock
from midas.core.errors import NotFound, Unavailable, did_you_mean
from midas.db.database import Database
from midas.marketdata.files import writing

if TYPE_CHECKING:
    from midas.marketdata.lake import Lake
    from midas.marketdata.source import Source, TickSource

SOURCES = "midas.sources"
"""Entry point group under which a data source makes itself known."""


class Workspace:
    """One data home, opened: settings, clock, database, lake, sources, jobs."""

    def __init__(self, settings: Settings, clock: Clock, database: Database) -> None:
        self.settings = settings
        self.clock = clock
        self.home = Home(settings.home)
        self.database = database
        self.jobs = JobRunner(database, clock, self.home, _seats(settings.jobs))

    @classmethod
    def open(cls, settings: Settings | None = None, clock: Clock | None = None) -> Workspace:
        """Open the data home the settings name, made or upgraded as needed.

        Raises
        ------
        StorageCorrupt, Busy, StorageFull, Unavailable: it cannot be opened.
        """
        settings = settings or Settings()
        home = Home(settings.home.expanduser().absolute())
        with writing("The data home", home.root):
            home.root.mkdir(parents=True, exist_ok=True)
            address = settings.database
            database = Database.open(home.database if address is None else address.get_secret_value())
        return cls(settings.model_copy(update={"home": home.root}), clock or SystemClock(), database)

    @property
    def lake(self) -> Lake:
        """The datasets of this home; costs an import of polars."""
        return lake_of(self.home.root, self.clock)

    async def begin(self) -> None:
        """Clear up after processes that died; called on the event loop the jobs will run on."""
        await self.jobs.fail_orphans()

    async def end(self) -> None:
        """Stop the jobs, on their event loop."""
        await self.jobs.close()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lake_of(home: Path, clock: Clock) -> Lake:
    """Return the lake of a data home."""
    from midas.marketdata.lake import Lake

    return Lake(Home(home).lake, clock)


def source_entries() -> dict[str, EntryPoint]:
    """Return the data sources installed, by name."""
    return {entry.name: entry for entry in sorted(entry_points(group=SOURCES), key=lambda entry: entry.name)}


def source(name: str) -> Source:
    """Return a data source.

    Raises
    ------
    NotFound: none of that name is installed.
    Unavailable: it is installed but broken.
    """
    entries = source_entries()
    if name not in entries:
        raise NotFound(
            f"There is no data source {name!r}.", hint=did_you_mean(name, list(entries)), code="unknown_source"
        )
    try:
        made: Source = entries[name].load()()
    except (ImportError, AttributeError) as error:
        raise Unavailable(
            f"Data source {name!r} cannot be loaded: {error}.",
            hint="Install it again, or remove the package that brings it.",
            code="source_broken",
        ) from error
    return made


def tick_source(name: str) -> TickSource:
    """Return a data source that has ticks; errors are those of `source`."""
    found = source(name)
    if not hasattr(found, "fetch_ticks"):
        raise NotFound(f"Data source {name!r} has no ticks.", hint="Import them from a file.", code="no_ticks")
    return cast("TickSource", found)


def _seats(settings: JobSettings) -> list[Seat]:
    if settings.runner == "inline":
        return [InlineSeat()]
    return [ProcessSeat() for _ in range(settings.workers)]
