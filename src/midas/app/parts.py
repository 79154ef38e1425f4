"""A table that is written while it grows, so that work that is stopped keeps what it has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from midas.core.clock import Clock
from midas.core.errors import StorageCorrupt
from midas.marketdata.files import remove, replace_whole, writing

if TYPE_CHECKING:
    import polars as pl

WHOLE = "table.parquet"

_EVERY_S = 2.0
_NOTE = "note.txt"


class Parts:
    """A folder that holds one table, whole or in parts so far."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._waiting: list[pl.DataFrame] = []
        self._count = 0
        self._written_s = clock.monotonic_s()
        remove(folder / "parts")

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows; they are on disk two seconds later, or once flushed."""
        self._waiting.append(rows)
        if self._clock.monotonic_s() - self._written_s >= _EVERY_S:
            self.flush()

    def note(self, text: str) -> None:
        """Keep a line beside the parts, for whoever makes them whole."""
        with writing("The table", self._folder):
            (self._folder / "parts").mkdir(parents=True, exist_ok=True)
            replace_whole(self._folder / "parts" / _NOTE, text.encode())

    def flush(self) -> None:
        """Put on disk what was taken."""
        import polars as pl

        if self._waiting:
            _write(self._folder / "parts" / f"{self._count:06}.parquet", pl.concat(self._waiting))
        self._waiting, self._count, self._written_s = [], self._count + 1, self._clock.monotonic_s()

    def finish(self, rows: pl.DataFrame) -> None:
        """Write the whole table and forget the parts."""
        self._waiting = []
        _write(self._folder / WHOLE, rows)
        remove(self._folder / "parts")


def read_parts(folder: Path) -> pl.DataFrame | None:
    """Return the rows there are of a table that was not finished, None where there are none."""
    import polars as pl

    files = sorted((folder / "parts").glob("*.parquet")) if (folder / "parts").is_dir() else []
    return pl.concat([pl.read_parquet(file) for file in files]) if files else None


def read_note(folder: Path) -> str | None:
    """Return the line kept beside the parts, None where there is none."""
    file = folder / "parts" / _NOTE
    return file.read_text("utf-8") if file.is_file() else None


def read_whole(folder: Path, what: str) -> pl.DataFrame:
    """Return a finished table.

    Raises
    ------
    StorageCorrupt: it is gone or damaged.
    """
    import polars as pl

    try:
        return pl.read_parquet(folder / WHOLE)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StorageCorrupt(
            f"{what} is gone or damaged.", hint="Run it again: the same question gives the same numbers.",
            code="table_corrupt",
        ) from error  # fmt: skip


def is_whole(folder: Path) -> bool:
    """Tell whether a finished table can be read."""
    import polars as pl

    try:
        pl.read_parquet_schema(folder / WHOLE)
    except (OSError, pl.exceptions.PolarsError):
        return False
    return True


def _write(file: Path, rows: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", statistics=False)
    with writing("The table", file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(file, buffer.getvalue())
