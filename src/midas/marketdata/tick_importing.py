"""From a source's ticks to a dataset: check, merge, write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from midas.core.basis import Basis
from midas.core.errors import DataBlocked
from midas.core.timeframe import TICK
from midas.marketdata.checks.breach import Breach, findings, left_out
from midas.marketdata.checks.ticks import check_ticks
from midas.marketdata.dataset import Dataset, default_name
from midas.marketdata.finding import Finding, Severity
from midas.marketdata.importing import ImportReport, invalid
from midas.marketdata.lake import Lake
from midas.marketdata.merge import require_same_kind, union
from midas.marketdata.snapshot import no_actions
from midas.marketdata.source import Progress, RawTicks, silent
from midas.marketdata.tick_bars import hours_of
from midas.marketdata.tick_files import TickContent, TickDay, by_day, day_of, in_order, read_day, read_days
from midas.marketdata.version import read_instruments
from midas.venues.catalogue import known_venues, venue


def import_ticks(
    lake: Lake, raw: RawTicks, *, dataset: str | None = None, skip_bad: bool = False, progress: Progress = silent
) -> ImportReport:
    """Check a source's ticks and store them: between the first and the last of a symbol they are all there is.

    Raises
    ------
    DataInvalid: they break the contract and `skip_bad` is off; nothing was imported.
    DataBlocked: there are none.
    InvalidInput: the dataset holds bars, or ticks of another market.
    Busy, StorageFull: nothing was imported.
    """
    progress(0.3, "checking")
    place = venue(raw.venue, raw.currency)
    numbered = raw.frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    breaches = _checked(numbered, raw.venue, raw.currency, lake.clock.now_utc())
    found = (*raw.findings, *findings(breaches, numbered))
    kept = _without(numbered, breaches).drop("row")
    if any(one.is_error for one in found) and (not skip_bad or kept.is_empty()):
        raise invalid(raw.source, tuple(one for one in found if one.is_error))
    if kept.is_empty():
        raise DataBlocked(f"{raw.source} holds no ticks.", hint="Check the columns.", code="empty")
    name = dataset or raw.dataset or default_name(raw.venue, TICK, Basis.RAW)
    progress(0.6, f"writing dataset {name}")
    fresh = dict(by_day(in_order(kept), place.timezone))
    replaced: list[int] = []

    def change(present: Dataset | None, folder: Path | None) -> TickContent:
        content, gone = _merged(name, raw, fresh, present, folder)
        replaced.append(gone)
        return content

    stored, changed = lake.update_ticks(name, change)
    progress(1.0, f"wrote dataset {name}")
    gone = replaced[-1] if changed else 0
    warnings = (*raw.warnings, *_told(raw, gone, kept.height))
    skipped = (*(str(one) for one in raw.findings if one.is_error), *left_out(breaches, numbered))
    return ImportReport(
        stored, kept.height, kept["symbol"].n_unique(), max(0, kept.height - gone), gone, found, skipped, no_actions(),
        warnings, not changed,
    )  # fmt: skip


def check_stored(lake: Lake, dataset: Dataset, now_utc: datetime) -> tuple[Finding, ...]:
    """Hold stored ticks against the contract again, a day at a time."""
    found: list[Finding] = []
    for day in lake.tick_days(dataset.name):
        ticks = lake.ticks(dataset.name, day).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        found += findings(_checked(ticks, dataset.venue, dataset.currency, now_utc), ticks)
    return tuple(sorted(found, key=lambda one: one.severity is Severity.WARNING))


def _checked(numbered: pl.DataFrame, mic: str, currency: str, now_utc: datetime) -> list[Breach]:
    place = venue(mic, currency)
    return check_ticks(numbered, place, hours_of(place.calendar), now_utc, dated=mic in known_venues())


def _without(numbered: pl.DataFrame, breaches: list[Breach]) -> pl.DataFrame:
    bad = [row for breach in breaches if breach.severity is Severity.ERROR for row in breach.dropped.tolist()]
    return numbered.filter(~pl.col("row").is_in(bad)) if bad else numbered


def _merged(
    name: str, raw: RawTicks, fresh: dict[date, pl.DataFrame], present: Dataset | None, folder: Path | None
) -> tuple[TickContent, int]:
    content = TickContent(
        raw.venue, raw.currency, raw.source, tuple(sorted(raw.instruments, key=lambda one: str(one.id))),
        {day: day_of(ticks) for day, ticks in fresh.items()}, fresh, folder,
    )  # fmt: skip
    if present is None or folder is None:
        return content, 0
    require_same_kind(name, present, replace(present, venue=raw.venue, currency=raw.currency))
    new = pl.concat(fresh.values())
    spans = new.group_by("symbol").agg(since=pl.min("arrived"), until=pl.max("arrived"))
    days = read_days(folder, name)
    parts, gone = dict(fresh), 0
    for day in days:
        if min(fresh) <= day <= max(fresh):
            before = read_day(folder, name, day)
            left = _outside(before, spans)
            gone += before.height - left.height
            parts[day] = in_order(pl.concat([left, fresh[day]])) if day in fresh else left
    touched = {day: day_of(ticks) for day, ticks in parts.items()}
    merged: dict[date, TickDay] = {day: one for day, one in sorted((days | touched).items()) if one.ticks}
    notes = tuple(dict.fromkeys(present.notes))
    instruments = union(read_instruments(folder, name), content.instruments)
    return replace(content, instruments=instruments, days=merged, fresh=parts, notes=notes), gone


def _outside(ticks: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    # what arrived before the first or after the last new one of its symbol
    known = ticks.join(spans, on="symbol", how="left", maintain_order="left")
    inside = pl.col("arrived").is_between("since", "until").fill_null(value=False)
    return known.filter(~inside).drop("since", "until")


def _told(raw: RawTicks, gone: int, many: int) -> tuple[str, ...]:
    told: list[str] = []
    if not raw.arrivals:
        told.append("The file does not say when ticks arrived: each is taken to have come when it was printed.")
    if gone:
        told.append(
            f"{gone:,} ticks that were there gave way to the {many:,} of this file: it stands between the first and "
            "the last of each symbol."
        )
    return tuple(told)
