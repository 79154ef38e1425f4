"""Datasets: pulling, importing, looking, checking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app.jobs import show as show_job
from midas.app.seats import Report
from midas.app.task import Settled, Task
from midas.app.workspace import Workspace, lake_of, source, source_entries, tick_source
from midas.core.clock import SystemClock
from midas.core.errors import InvalidInput, Unavailable
from midas.marketdata.files import remove, writing
from midas.wire import datasets as wire
from midas.wire.jobs import Job

if TYPE_CHECKING:
    import polars as pl

    from midas.marketdata.dataset import Dataset
    from midas.marketdata.finding import Finding
    from midas.marketdata.importing import ImportReport
    from midas.marketdata.source import PullRequest

_BUFFER = 4 << 20
_LONGEST_NAME_BYTES = 128


@dataclass(frozen=True, slots=True)
class FileImport:
    """How to read an uploaded file.

    `mapping` names the file's column for each of ours, `adjusted` None detects. `symbol` is for a file without a
    column of them, `currency` for a venue without rules, `timezone` for times that do not say theirs. `stamps` says
    whether a bar within the day is stamped at its close or at its open.
    """

    filename: str
    venue: str
    timeframe: str
    mapping: Mapping[str, str]
    adjusted: bool | None
    skip_bad: bool
    name: str | None
    symbol: str | None = None
    currency: str | None = None
    timezone: str | None = None
    stamps: str = "close"


async def sources() -> list[wire.SourceInfo]:
    """Return where data can be pulled from."""
    return await to_thread.run_sync(_sources)


async def every(workspace: Workspace) -> list[wire.Dataset]:
    """Return all datasets by name, without their actions."""
    found = await to_thread.run_sync(lambda: workspace.lake.datasets())
    return [wire_dataset(dataset) for dataset in found]


async def show(workspace: Workspace, name: str) -> wire.Dataset:
    """Return a dataset with its corporate actions.

    Raises
    ------
    NotFound: there is none of that name.
    """
    return await to_thread.run_sync(_show, workspace, name)


async def delete(workspace: Workspace, name: str) -> None:
    """Remove a dataset; results made with it stay.

    Raises
    ------
    NotFound: there is none of that name.
    """
    await to_thread.run_sync(lambda: workspace.lake.delete(name))


async def check(workspace: Workspace, name: str) -> wire.CheckReport:
    """Check a stored dataset against the data contract again."""
    return await to_thread.run_sync(_check, workspace, name)


async def pull(workspace: Workspace, request: wire.DatasetPull, wait_s: float) -> Job:
    """Queue a pull and return its job.

    Raises
    ------
    NotFound: no such source.
    """
    from midas.marketdata.source import PullRequest

    await to_thread.run_sync(source, request.source)  # an unknown one is refused before there is a job
    wanted = PullRequest(tuple(request.symbols), request.start, request.end)
    work = partial(_pull, workspace.home.root, request.source, wanted, request.dataset, False)
    record = await workspace.jobs.submit(Task("pull", work, _settle))
    return await show_job(workspace, record.id, wait_s)


async def import_file(workspace: Workspace, chunks: AsyncIterator[bytes], how: FileImport, wait_s: float) -> Job:
    """Take a file in, queue its import and return the job."""
    await workspace.jobs.start()
    file = await _staged(workspace.jobs.owner.staging, how.filename, chunks)
    work = partial(_import, workspace.home.root, file, how)
    record = await workspace.jobs.submit(Task("import", work, _settle))
    return await show_job(workspace, record.id, wait_s)


def wire_dataset(dataset: Dataset, actions: pl.DataFrame | None = None) -> wire.Dataset:
    """Return a dataset as it is shown."""
    rows = [] if actions is None else actions.select("symbol", "ts", "kind", "value").to_dicts()
    return wire.Dataset(**{**dataset.to_json(), "actions": rows})


async def _staged(folder: Path, filename: str, chunks: AsyncIterator[bytes]) -> Path:
    # the name is kept: formats are told by suffix, and messages name the file
    name = Path(filename.replace("\\", "/")).name
    name = name.encode(errors="replace")[-_LONGEST_NAME_BYTES:].decode(errors="ignore")
    if name in ("", ".", "..") or not name.isprintable():
        raise InvalidInput("That cannot be a file's name.", hint="Say which file it is.", code="bad_filename")
    file = folder / token_hex(4) / name
    with writing("The uploaded file", folder):
        file.parent.mkdir()
        try:
            with file.open("wb") as stream:
                held = bytearray()
                async for chunk in chunks:
                    held += chunk
                    if len(held) >= _BUFFER:
                        await to_thread.run_sync(stream.write, bytes(held))
                        held.clear()
                await to_thread.run_sync(stream.write, bytes(held))
        except BaseException:  # house: broad-except: whatever ends the upload, half a file must not stay
            remove(file.parent)
            raise
    return file


async def _settle(reports: list[wire.ImportReport]) -> Settled:
    return Settled(None, [report.model_dump(mode="json") for report in reports])


def _import(home: Path, file: Path, how: FileImport, report: Report) -> list[wire.ImportReport]:
    from midas.marketdata.source import PullRequest

    options = {"path": str(file), "venue": how.venue, "timeframe": how.timeframe}
    options |= {f"map.{ours}": theirs for ours, theirs in how.mapping.items()}
    adjusted = None if how.adjusted is None else str(how.adjusted).lower()
    more = {
        "adjusted": adjusted,
        "dataset": how.name,
        "symbol": how.symbol,
        "currency": how.currency,
        "timezone": how.timezone,
        "stamps": how.stamps,
    }
    options |= {name: value for name, value in more.items() if value is not None}
    take = _take_ticks if how.timeframe == "tick" else _pull
    try:
        return take(home, "file", PullRequest(options=options), how.name, how.skip_bad, report)
    finally:
        remove(file.parent)


def _take_ticks(
    home: Path, name: str, request: PullRequest, dataset: str | None, skip_bad: bool, report: Report
) -> list[wire.ImportReport]:
    from midas.marketdata.tick_importing import import_ticks

    raw = tick_source(name).fetch_ticks(request, report)
    done = import_ticks(lake_of(home, SystemClock()), raw, dataset=dataset, skip_bad=skip_bad, progress=report)
    return [_wire_report(done)]


def _pull(
    home: Path, name: str, request: PullRequest, dataset: str | None, skip_bad: bool, report: Report
) -> list[wire.ImportReport]:
    from midas.marketdata.importing import pull_bars

    done = pull_bars(
        lake_of(home, SystemClock()), source(name), request, dataset=dataset, skip_bad=skip_bad, progress=report
    )
    return [_wire_report(each) for each in done]


def _sources() -> list[wire.SourceInfo]:
    return [wire.SourceInfo(name=name, summary=_summary(name)) for name in source_entries()]


def _summary(name: str) -> str:
    # one that is broken must not hide the others
    try:
        return source(name).summary
    except Unavailable as error:
        return error.message


def _show(workspace: Workspace, name: str) -> wire.Dataset:
    lake = workspace.lake
    return wire_dataset(lake.dataset(name), lake.actions(name))


def _check(workspace: Workspace, name: str) -> wire.CheckReport:
    lake = workspace.lake
    known = lake.dataset(name)
    found = _check_ticks(workspace, known) if known.timeframe.is_tick else _check_bars(workspace, known)
    ok = not any(one.is_error for one in found)
    return wire.CheckReport(dataset=name, ok=ok, findings=[_wire_finding(one) for one in found])


def _check_ticks(workspace: Workspace, known: Dataset) -> Sequence[Finding]:
    from midas.marketdata.tick_importing import check_stored

    return check_stored(workspace.lake, known, workspace.clock.now_utc())


def _check_bars(workspace: Workspace, known: Dataset) -> Sequence[Finding]:
    from midas.marketdata.importing import check_raw
    from midas.marketdata.source import RawBars

    lake, name = workspace.lake, known.name
    stored = RawBars(
        dataset=name,
        venue=known.venue,
        timeframe=known.timeframe,
        frame=lake.bars(name),
        basis=known.basis,
        currency=known.currency,
        source=known.source,
        instruments=lake.instruments(name),
        actions=lake.actions(name),
    )
    return check_raw(stored, known.basis, workspace.clock.now_utc()).findings


def _wire_report(done: ImportReport) -> wire.ImportReport:
    return wire.ImportReport(
        dataset=wire_dataset(done.dataset, done.actions),
        rows=done.rows,
        symbols=done.symbols,
        findings=[_wire_finding(finding) for finding in done.findings],
        skipped=[*done.skipped],
        warnings=[*done.warnings],
        unchanged=done.unchanged,
    )


def _wire_finding(finding: Finding) -> wire.Finding:
    return wire.Finding(
        code=finding.code,
        severity=finding.severity.value,
        symbol=finding.symbol or None,
        session=finding.session or None,
        detail=finding.detail,
        rows=finding.rows,
    )
