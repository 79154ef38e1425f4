"""Datasets: pulling, importing, looking, checking."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import quote

from pydantic import TypeAdapter

from midas.client.asking import asking
from midas.client.jobs import Jobs
from midas.client.link import Link
from midas.client.progress import Progress
from midas.core.errors import InvalidInput, NotFound
from midas.wire.datasets import CheckReport, Dataset, DatasetPull, ImportReport, SourceInfo
from midas.wire.jobs import Job

_CHUNK = 1 << 20
_REPORTS = TypeAdapter(list[ImportReport])


class Datasets:
    """`client.datasets`."""

    def __init__(self, link: Link, jobs: Jobs) -> None:
        self._link = link
        self._jobs = jobs

    def sources(self) -> list[SourceInfo]:
        """Return where data can be pulled from."""
        return self._link.all(SourceInfo, "/api/v1/sources")

    def list(self) -> list[Dataset]:
        return self._link.all(Dataset, "/api/v1/datasets")

    def show(self, name: str) -> Dataset:
        """Return a dataset with its corporate actions."""
        return self._link.get(Dataset, _path(name))

    def delete(self, name: str) -> None:
        self._link.delete(_path(name))

    def check(self, name: str) -> CheckReport:
        """Check a stored dataset against the data contract again."""
        return self._link.get(CheckReport, f"{_path(name)}/check")

    def pull(
        self,
        source: str,
        symbols: Sequence[str] = (),
        start: date | str | None = None,
        end: date | str | None = None,
        *,
        dataset: str | None = None,
        progress: Progress | None = None,
    ) -> builtins.list[ImportReport]:
        """Fetch bars from a source and store them; no symbols means all it has."""
        fields = {"source": source, "symbols": [*symbols], "start": start, "end": end, "dataset": dataset}
        query = asking(DatasetPull, fields)
        job = self._link.post(Job, "/api/v1/datasets/pull", query, {"wait_s": self._jobs.first_wait_s(progress)})
        return _REPORTS.validate_python(self._jobs.finish(job, progress).result)

    def import_file(
        self,
        path: str | Path,
        venue: str,
        timeframe: str = "1d",
        *,
        mapping: Mapping[str, str] | None = None,
        adjusted: bool | None = None,
        skip_bad: bool = False,
        name: str | None = None,
        symbol: str | None = None,
        currency: str | None = None,
        timezone: str | None = None,
        stamps: str = "close",
        progress: Progress | None = None,
    ) -> ImportReport:
        """Store the bars of a CSV or Parquet file, or its ticks (`timeframe` "tick").

        `mapping` names the file's column for each of ours (`{"close": "종가"}`); `adjusted` None detects. A file that
        breaks the data contract imports nothing unless `skip_bad`. `symbol` is for a file without a column of them,
        `currency` for a venue without rules, `timezone` for times that do not say theirs. `stamps` "open"
        is for a file whose bars within the day carry the time they opened.
        """
        file = Path(path)
        query = {
            "venue": venue,
            "timeframe": timeframe,
            "name": name,
            "adjusted": adjusted,
            "skip_bad": skip_bad,
            "map": [f"{ours}={theirs}" for ours, theirs in (mapping or {}).items()],
            "symbol": symbol,
            "currency": currency,
            "timezone": timezone,
            "stamps": stamps,
            "filename": file.name,
            "wait_s": self._jobs.first_wait_s(progress),
        }
        job = self._link.upload(Job, "/api/v1/datasets/import", query, _chunks(file))
        return _REPORTS.validate_python(self._jobs.finish(job, progress).result)[0]


def _path(name: str) -> str:
    return f"/api/v1/datasets/{quote(name, safe='')}"


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        raise NotFound(f"There is no file {file}.", hint="Check the path.", code="file_missing") from None
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be read: {error.strerror}.", hint="Is it a file you may read?", code="file_unreadable"
        ) from error
