"""From a source's bars to a dataset: check, derive, merge, write."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from midas.core.basis import Basis
from midas.core.errors import DataBlocked, NotFound, did_you_mean
from midas.marketdata.dataset import Dataset, default_name
from midas.marketdata.derive import derive_actions
from midas.marketdata.finding import Finding
from midas.marketdata.lake import Lake
from midas.marketdata.merge import Merged, merge
from midas.marketdata.snapshot import BAR_COLUMNS, Snapshot, no_actions
from midas.marketdata.source import Progress, PullRequest, RawBars, Source, silent


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    `rows` and `symbols` count what the source gave and the dataset took; `added` of those rows are new, `corrected`
    replaced another value. `findings` are the contract's; `skipped` names the rows left out; `actions` lists derived
    and stated corporate actions for review.
    """

    dataset: Dataset
    rows: int
    symbols: int
    added: int
    corrected: int
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]
    actions: pl.DataFrame
    warnings: tuple[str, ...]
    unchanged: bool


def pull_bars(
    lake: Lake,
    source: Source,
    request: PullRequest,
    *,
    dataset: str | None = None,
    skip_bad: bool = False,
    progress: Progress = silent,
) -> tuple[ImportReport, ...]:
    """Fetch from a source and import every dataset it gives; `dataset` names the result where it gives one."""
    raws = source.fetch(request, progress)
    if dataset is not None:
        raws = _named(raws, dataset, source.name)
    return tuple(import_bars(lake, raw, skip_bad=skip_bad, progress=progress) for raw in raws)


def _named(raws: list[RawBars], dataset: str, source: str) -> list[RawBars]:
    of_that_name = [raw for raw in raws if raw.dataset == dataset]
    if of_that_name:
        return of_that_name
    if len(raws) == 1:
        return [replace(raws[0], dataset=dataset)]
    names = [raw.dataset or "" for raw in raws]
    raise NotFound(
        f"Source {source!r} gives no dataset {dataset!r}.", hint=did_you_mean(dataset, names), code="unknown_dataset"
    )


def import_bars(
    lake: Lake,
    raw: RawBars,
    *,
    skip_bad: bool = False,  # noqa: ARG001
    progress: Progress = silent,
) -> ImportReport:
    """Check a source's bars and make them, or them on top of what was there, the dataset's current version.

    Raises
    ------
    DataInvalid: the bars break the contract and `skip_bad` is off; nothing was imported.
    DataBlocked: there are no bars.
    InvalidInput: the dataset holds another kind of bars.
    Busy, StorageFull: nothing was imported.
    """
    if raw.frame.is_empty():
        raise DataBlocked(f"{raw.source} gave no bars.", hint="Check the symbols and dates, or the file.", code="empty")
    bars = raw.frame.select(name for name in BAR_COLUMNS if name in raw.frame.columns).sort("symbol", "ts")
    basis = raw.basis or Basis.RAW
    derived = derive_actions(bars) if "adj_close" in bars.columns else None
    actions = raw.actions if raw.actions is not None else (derived.actions if derived else no_actions())
    notes = derived.notes if derived else ()
    new = Snapshot(
        raw.venue, raw.timeframe, basis, raw.currency, raw.source, bars,
        tuple(sorted(raw.instruments, key=lambda one: str(one.id))), actions, notes,
    )  # fmt: skip
    name = raw.dataset or default_name(raw.venue, raw.timeframe, basis)
    outcome: list[Merged] = []

    def change(present: Snapshot | None) -> Snapshot:
        outcome.append(merge(name, present, new))
        return outcome[-1].snapshot

    progress(0.5, f"writing dataset {name}")
    dataset, changed = lake.update(name, change)
    progress(1.0, f"wrote dataset {name}")
    merged = outcome[-1]
    return ImportReport(
        dataset, bars.height, len(raw.instruments), merged.added, merged.corrected, (), (), actions,
        raw.warnings, not changed,
    )  # fmt: skip
