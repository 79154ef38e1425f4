"""What a check reports, before it is worded for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.marketdata.finding import Finding, Severity

Rows = NDArray[np.int64]
"""Places in the frame that was checked, as its `row` column numbers them."""

_ERRORS_SHOWN = 200
_WARNINGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Breach:
    """Rows that break one rule.

    `details` says it once for all rows or once for each. `leave_out` are the rows to drop if the rest is to be kept:
    the same rows when it is empty.
    """

    code: str
    severity: Severity
    rows: Rows
    details: Sequence[str]
    leave_out: Rows = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def dropped(self) -> Rows:
        return self.leave_out if len(self.leave_out) else self.rows

    def since(self, first: int) -> Breach:
        """Return what it says of rows numbered `first` or more."""
        if first == 0:
            return self
        kept = self.rows >= first
        details = (
            [text for text, keep in zip(self.details, kept, strict=True) if keep]
            if len(self.details) > 1
            else self.details
        )
        return replace(self, rows=self.rows[kept], details=details, leave_out=self.leave_out[self.leave_out >= first])

    def detail(self, index: int) -> str:
        return self.details[index] if len(self.details) > 1 else self.details[0]


def error(code: str, rows: Rows, *details: str, leave_out: Rows | None = None) -> Breach:
    """Return a breach that keeps data out."""
    return Breach(code, Severity.ERROR, rows, details, np.empty(0, np.int64) if leave_out is None else leave_out)


def warning(code: str, rows: Rows, *details: str) -> Breach:
    """Return a breach that is only told."""
    return Breach(code, Severity.WARNING, rows, details)


def findings(breaches: Iterable[Breach], frame: pl.DataFrame) -> tuple[Finding, ...]:
    """Word breaches: errors row by row, warnings once per symbol; what is too much to list, as one count.

    `frame` has `row symbol ts` and holds every row the breaches name.
    """
    found: list[Finding] = []
    for breach in breaches:
        if len(breach.rows):
            found += _worded(breach, frame)
    return tuple(sorted(found, key=lambda one: one.severity is Severity.WARNING))


def left_out(breaches: Iterable[Breach], frame: pl.DataFrame) -> tuple[str, ...]:
    """Name what goes with the errors: single rows as their findings do, whole stretches by symbol and dates."""
    named: list[str] = []
    for breach in breaches:
        if breach.severity is not Severity.ERROR or not len(breach.rows):
            continue
        if not len(breach.leave_out):
            named += [str(finding) for finding in _worded(breach, frame)]
            continue
        stretches = frame.filter(pl.col("row").is_in(breach.leave_out)).group_by("symbol", maintain_order=True)
        spans = stretches.agg(first=pl.min("ts"), last=pl.max("ts"), rows=pl.len())
        named += [
            f"{breach.code}: {symbol} {first} to {last}: {rows} rows" for symbol, first, last, rows in spans.iter_rows()
        ]
    return tuple(named)


def _worded(breach: Breach, frame: pl.DataFrame) -> list[Finding]:
    place = pl.DataFrame({"row": breach.rows, "index": np.arange(len(breach.rows))})
    places = place.join(frame.select("row", "symbol", "ts"), on="row", how="left", maintain_order="left")
    if breach.severity is Severity.ERROR:
        listed, shown = places.with_columns(rows=pl.lit(1)), _ERRORS_SHOWN
    else:
        listed = places.group_by("symbol", maintain_order=True).agg(
            pl.first("index"), pl.first("ts"), rows=pl.len().cast(pl.Int32)
        )
        shown = _WARNINGS_SHOWN
    worded = [
        Finding(breach.code, breach.severity, symbol or "", _day(ts), breach.detail(index), rows)
        for index, symbol, ts, rows in listed.head(shown).select("index", "symbol", "ts", "rows").iter_rows()
    ]
    rest = listed[shown:]
    if rest.height:
        what = "rows" if breach.severity is Severity.ERROR else "symbols"
        detail = f"and {rest.height} more {what}"
        worded.append(Finding(breach.code, breach.severity, "", "", detail, int(rest["rows"].sum())))
    return worded


def _day(ts: object) -> str:
    return "" if ts is None else str(ts)
