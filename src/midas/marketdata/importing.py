"""From a source's bars to a dataset: check, derive, merge, write."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from midas.core.basis import Basis
from midas.core.errors import DataBlocked, DataInvalid, NotFound, did_you_mean
from midas.marketdata.base_price import derive_from_base
from midas.marketdata.basis_detection import Detected, detect_basis
from midas.marketdata.contract import Checked, Terms, check_bars
from midas.marketdata.dataset import Dataset, default_name
from midas.marketdata.derive import Derived, derive_actions
from midas.marketdata.finding import Finding
from midas.marketdata.lake import Lake
from midas.marketdata.merge import Merged, merge
from midas.marketdata.snapshot import BAR_COLUMNS, CASH_DIVIDEND, RIGHTS, SPLIT, Snapshot, no_actions
from midas.marketdata.source import Progress, PullRequest, RawBars, Source, silent
from midas.venues.catalogue import known_venues, venue

_SHOWN = 20
_CONTEXT_ROWS = 30
_CONTEXT_DAYS = 60


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    `rows` and `symbols` count what the dataset took from the source; `added` of those rows are new, `corrected`
    replaced another value. `findings` are the contract's, errors first; `skipped` names what was left out; `actions`
    lists derived and stated corporate actions for review.
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
    """Fetch from a source and import every dataset it gives; `dataset` names the result, or chooses one of several."""
    raws = source.fetch(request, progress)
    if dataset is not None:
        raws = _named(raws, dataset, source.name)
    return tuple(import_bars(lake, raw, skip_bad=skip_bad, progress=progress) for raw in raws)


def import_bars(lake: Lake, raw: RawBars, *, skip_bad: bool = False, progress: Progress = silent) -> ImportReport:
    """Check a source's bars and make them, or them on top of what was there, the dataset's current version.

    Raises
    ------
    DataInvalid: the bars break the contract and `skip_bad` is off; nothing was imported.
    DataBlocked: there are no bars.
    InvalidInput: the dataset holds another kind of bars.
    Busy, StorageFull: nothing was imported.
    """
    if raw.frame.is_empty() and not raw.findings:
        raise DataBlocked(f"{raw.source} gave no bars.", hint="Check the symbols and dates, or the file.", code="empty")
    progress(0.3, "checking")
    detected = _basis(raw)
    name = raw.dataset or default_name(raw.venue, raw.timeframe, detected.basis)
    earlier = bars_before(lake, name, raw.frame, detected.basis)
    checked = check_raw(raw, detected.basis, lake.clock.now_utc(), earlier)
    findings = (*raw.findings, *checked.findings)
    errors = tuple(one for one in findings if one.is_error)
    if errors and (not skip_bad or checked.bars.is_empty()):
        raise invalid(raw.source, errors)
    if checked.bars.is_empty():
        raise DataBlocked(f"{raw.source} holds rows but no prices.", hint="Check the columns.", code="empty")
    progress(0.7, f"writing dataset {name}")
    warnings = tuple(filter(None, (*raw.warnings, detected.warning)))
    new = _snapshot(raw, detected.basis, checked, warnings)
    dataset, merged = _store(lake, name, new)
    progress(1.0, f"wrote dataset {name}")
    skipped = (*(str(one) for one in raw.findings if one.is_error), *checked.skipped)
    return ImportReport(
        dataset, new.bars.height, len(new.instruments), merged.added, merged.corrected, findings, skipped, new.actions,
        warnings, not merged.changed,
    )  # fmt: skip


def check_raw(raw: RawBars, basis: Basis, now_utc: datetime, earlier: pl.DataFrame | None = None) -> Checked:
    """Hold a source's bars against the contract without importing them; `earlier` are bars they continue."""
    place = venue(raw.venue, raw.currency)
    daily = raw.timeframe.unit in "dw"
    now = now_utc.astimezone(ZoneInfo(place.timezone)).date() if daily else now_utc
    terms = Terms(place, basis, now, raw.venue in known_venues(), raw.timeframe)
    return check_bars(raw.frame, terms, lambda bars: _derive(raw, basis, bars), earlier)


def bars_before(lake: Lake, name: str, frame: pl.DataFrame, basis: Basis) -> pl.DataFrame | None:
    """Return the last bars a dataset has of each symbol before those of `frame`; None when there are none.

    Without them a split between one import and the next would be seen by neither. Adjusted bars have none: merging
    refuses those of another scale as a whole.
    """
    present = lake.find(name)
    if present is None or present.timeframe.is_tick or not (present.basis is basis is Basis.RAW) or frame.is_empty():
        return None
    firsts = frame.group_by("symbol").agg(first=pl.col("ts").min())
    start = firsts["first"].cast(pl.Date).min()
    if not isinstance(start, date):
        return None
    stored = lake.bars(name, start=start - timedelta(days=_CONTEXT_DAYS)).drop("adj_close", strict=False)
    before = stored.join(firsts, on="symbol").filter(pl.col("ts") < pl.col("first")).drop("first")
    return before.group_by("symbol", maintain_order=True).tail(_CONTEXT_ROWS) if before.height else None


@dataclass(frozen=True, slots=True)
class _Stored:
    added: int
    corrected: int
    changed: bool


def _store(lake: Lake, name: str, new: Snapshot) -> tuple[Dataset, _Stored]:
    outcome: list[Merged] = []

    def change(present: Snapshot | None) -> Snapshot:
        outcome.append(merge(name, present, new))
        return outcome[-1].snapshot

    dataset, changed = lake.update(name, change)
    return dataset, _Stored(outcome[-1].added, outcome[-1].corrected, changed)


def _basis(raw: RawBars) -> Detected:
    return Detected(raw.basis) if raw.basis is not None else detect_basis(raw.frame, venue(raw.venue, raw.currency))


def _derive(raw: RawBars, basis: Basis, bars: pl.DataFrame) -> Derived:
    if raw.actions is not None:
        return Derived(raw.actions, ())
    if "base" in bars.columns and basis.is_raw:
        derived = derive_from_base(bars)
        if derived is not None:
            return derived
    if "adj_close" in bars.columns and basis in (Basis.RAW, Basis.SPLIT_ADJUSTED):
        return derive_actions(bars)
    return Derived(no_actions(), ())


def _snapshot(raw: RawBars, basis: Basis, checked: Checked, warnings: tuple[str, ...]) -> Snapshot:
    columns = [name for name in BAR_COLUMNS if name in checked.bars.columns]
    bars = checked.bars.select(columns).with_columns(pl.exclude("symbol", "ts").cast(pl.Float64).fill_nan(None))
    held = set(bars["symbol"].unique())
    instruments = sorted((one for one in raw.instruments if str(one.id) in held), key=lambda one: str(one.id))
    actions = checked.derived.actions
    notes = (*warnings, *checked.derived.notes, *_action_note(actions))
    return Snapshot(raw.venue, raw.timeframe, basis, raw.currency, raw.source, bars, tuple(instruments), actions, notes)


def _action_note(actions: pl.DataFrame) -> tuple[str, ...]:
    derived = Counter(actions.filter(pl.col("origin") == "derived")["kind"])
    if not derived:
        return ()
    rights = f" and {derived[RIGHTS]} rights" if derived[RIGHTS] else ""
    return (
        f"Derived, not stated by the source: {derived[SPLIT]} splits and {derived[CASH_DIVIDEND]} cash distributions"
        f"{rights}. Review them in the dataset's actions.",
    )


def invalid(source: str, errors: tuple[Finding, ...]) -> DataInvalid:
    """Return the error for data that break the contract."""
    counts = Counter(one.code for one in errors)
    summary = ", ".join(f"{code} ({count})" for code, count in counts.most_common())
    shown = [str(one) for one in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        shown.append(f"and {len(errors) - _SHOWN} more")
    return DataInvalid(
        f"{source} breaks the data contract: {summary}. Nothing was imported.",
        hint="Correct the data, or leave the bad rows out with --skip-bad.",
        findings=shown,
    )


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
