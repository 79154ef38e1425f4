"""The port through which history comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import polars as pl

from midas.core.basis import Basis
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata.finding import Finding


class Progress(Protocol):
    """Told how far a long task is."""

    def __call__(self, fraction: float, message: str) -> None:
        """`fraction` is 0 to 1."""
        ...


def silent(fraction: float, message: str) -> None:
    """A `Progress` that tells nobody."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What to fetch: `symbols` as the source writes them (none: all it offers), dates inclusive."""

    symbols: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawBars:
    """Bars as a source gives them, unchecked, for one dataset.

    frame : `symbol` (text of the id), `ts` (Date, or Datetime UTC at the bar's close), some of
        `open high low close volume turnover adj_close` as Float64, in the source's order; NaN or null is no value.
    basis : None when the source does not say; then it is detected.
    instruments : what is known of the instruments; one for every symbol of the frame.
    actions : stated corporate actions (see `Snapshot.actions`), None when the source has none to state.
    findings : what the source saw that the frame no longer shows, such as text that is no number.
    """

    dataset: str | None
    venue: str
    timeframe: Timeframe
    frame: pl.DataFrame
    basis: Basis | None
    currency: str
    source: str
    instruments: tuple[Instrument, ...]
    actions: pl.DataFrame | None = None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawTicks:
    """Ticks as a source gives them, unchecked, for one dataset.

    frame : `symbol` (text of the id), `ts` (when it printed) and `arrived` (when it was received), Datetime UTC,
        `price` and `size`, Float64, in the source's order. arrivals : it told when they arrived, else that is `ts`.
    findings : what the source saw that the frame no longer shows.
    """

    dataset: str | None
    venue: str
    frame: pl.DataFrame
    currency: str
    source: str
    instruments: tuple[Instrument, ...]
    arrivals: bool
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


class TickSource(Protocol):
    """A source that has ticks, too."""

    def fetch_ticks(self, request: PullRequest, progress: Progress = silent) -> RawTicks:
        """Return the ticks a request names; see `Source.fetch` for what it raises."""
        ...


class Source(Protocol):
    """A vendor of history; found by the entry point group `midas.sources`."""

    name: str
    summary: str

    def fetch(self, request: PullRequest, progress: Progress = silent) -> list[RawBars]:
        """Return one item for each dataset the request fills.

        Raises
        ------
        NotFound: a symbol the source does not have.
        InvalidInput: a request it cannot serve.
        Unavailable: it does not answer.
        """
        ...
