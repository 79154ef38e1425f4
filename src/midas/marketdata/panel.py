"""A dataset as dense arrays, ready to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.core.basis import Basis
from midas.core.errors import DataBlocked, InvalidInput
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata.actions import Actions, forward_factors
from midas.marketdata.known import KNOWN, known_tiles
from midas.marketdata.tiles import LANES, Matrix, Tiles, narrow_lanes, to_matrix, to_tiles
from midas.venues.catalogue import venue

ADJUSTED_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Panel:
    """All bars of some instruments on one time axis.

    A daily panel has one row a session. An intraday one has `stamps` too: each row is the bar that closed at its stamp
    (datetime64[s], UTC, ascending), and `sessions` holds the trading day it belongs to in the venue's own zone, so that
    everything that goes by days reads `sessions` on either. Rows count bars.

    `fields` maps a name to tiles (see `tiles.py`). `raw_*` are prices as the dataset states them and the only ones
    fills may use; `open high low close volume` are the same after forward factors (splits and dividends) and the ones
    factors read; `turnover` is money. NaN where there is no bar; a halted bar has a close, volume 0 and NaN elsewhere.
    """

    dataset: str
    version: str
    venue: str
    timeframe: Timeframe
    basis: Basis
    currency: str
    instruments: tuple[Instrument, ...]
    sessions: NDArray[np.datetime64]
    fields: Mapping[str, Tiles]
    actions: Actions = field(default_factory=Actions.none)
    stamps: NDArray[np.datetime64] | None = None
    gone: NDArray[np.int64] | None = None
    """Delistings (row, column) where somebody told of them; None: what bars are missing at the end tells."""
    begins: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    """The first row of each session, ascending."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "begins", _begins(self.sessions, many=self.stamps is not None))

    @property
    def rows(self) -> int:
        return len(self.sessions)

    @property
    def columns(self) -> int:
        return len(self.instruments)

    @property
    def times(self) -> NDArray[np.datetime64]:
        """What names a row: its stamp, on a daily panel its session."""
        return self.sessions if self.stamps is None else self.stamps

    def tiles(self, name: str) -> Tiles:
        """Return a field's tiles; those of `known.py` are made when asked for.

        Raises
        ------
        DataBlocked: this dataset has no such field.
        """
        try:
            return self.fields[name]
        except KeyError:
            if name in KNOWN:
                place = venue(self.venue, self.currency)
                lanes = next(iter(self.fields.values())).shape[2]
                return known_tiles(name, place, self.instruments, self.sessions, lanes)
            raise DataBlocked(
                f"Dataset {self.dataset!r} ({self.basis}) has no {name!r}.",
                hint=f"It has: {', '.join(self.fields)}.",
                code="field_missing",
            ) from None

    def matrix(self, name: str) -> Matrix:
        """Return a field as a (time, instrument) copy."""
        return to_matrix(self.tiles(name), self.columns)

    def series(self, name: str, column: int) -> NDArray[np.float64]:
        """Return one instrument's field over time, a strided view."""
        return self.tiles(name)[column // LANES, :, column % LANES]

    def row_range(self, start: date | None, end: date | None) -> tuple[int, int]:
        """Return the half-open range of rows with `start` <= session <= `end`; None is open-ended."""
        first = 0 if start is None else int(np.searchsorted(self.sessions, np.datetime64(start), "left"))
        stop = self.rows if end is None else int(np.searchsorted(self.sessions, np.datetime64(end), "right"))
        return first, max(first, stop)

    def select(self, columns: Sequence[int]) -> Panel:
        """Return a panel of the given columns, in their order; a daily one keeps every row.

        Of an intraday panel only rows stay on which one of them has a bar: a window of theirs counts no minute in which
        nothing but another name traded.

        Raises
        ------
        InvalidInput: no column is given.
        """
        chosen = list(columns)
        if not chosen:
            raise InvalidInput("A panel needs an instrument.", hint="Name one or more.", code="no_instruments")
        if chosen == list(range(self.columns)):
            return self
        rows = self._rows_of(chosen)
        gathered: dict[int, Tiles] = {}
        fields: dict[str, Tiles] = {}
        for name, tiles in self.fields.items():
            if id(tiles) not in gathered:
                strips = [tiles[c // LANES, rows, c % LANES] for c in chosen]
                gathered[id(tiles)] = to_tiles(np.stack(strips, axis=1), self._lanes(len(chosen)))
            fields[name] = gathered[id(tiles)]
        return replace(
            self, instruments=tuple(self.instruments[c] for c in chosen), sessions=self.sessions[rows], fields=fields,
            actions=_selected(self.actions, chosen, None if isinstance(rows, slice) else rows),
            stamps=None if self.stamps is None else self.stamps[rows],
            gone=None if self.gone is None else _left(self.gone, chosen, None if isinstance(rows, slice) else rows),
        )  # fmt: skip

    def _lanes(self, columns: int) -> int:
        return narrow_lanes(columns) if self.stamps is not None else LANES

    def _rows_of(self, columns: Sequence[int]) -> slice | NDArray[np.int64]:
        if self.stamps is None:
            return slice(None)
        closes = self.tiles("raw_close")
        there = [~np.isnan(closes[c // LANES, :, c % LANES]) for c in columns]
        found = np.flatnonzero(np.logical_or.reduce(there))
        return slice(None) if len(found) == self.rows else found


def _begins(sessions: NDArray[np.datetime64], *, many: bool) -> NDArray[np.int64]:
    if not many or not len(sessions):
        return np.arange(len(sessions))
    # A few days are looked up among many rows.
    first: NDArray[np.int64] = np.searchsorted(sessions, np.arange(sessions[0], sessions[-1] + 1))
    return first[np.diff(first, append=len(sessions)) > 0]


def _selected(actions: Actions, columns: Sequence[int], rows: NDArray[np.int64] | None) -> Actions:
    position = {column: place for place, column in enumerate(columns)}
    keep = np.isin(actions.instrument, columns)
    row = actions.row
    if rows is not None:
        row = np.searchsorted(rows, row)  # one on a row that is left out takes effect on the next
        keep &= row < len(rows)
    column = np.array([position[int(c)] for c in actions.instrument[keep]], dtype=np.int64)
    row, kind, value = row[keep], actions.kind[keep], actions.value[keep]
    order = np.lexsort((kind, column, row))
    return Actions(row[order], column[order], kind[order], value[order])


def _left(gone: NDArray[np.int64], columns: Sequence[int], rows: NDArray[np.int64] | None) -> NDArray[np.int64]:
    place = {column: new for new, column in enumerate(columns)}
    moved = gone[:, 0] if rows is None else np.searchsorted(rows, gone[:, 0])
    kept = sorted(
        (row, place[column]) for row, column in zip(moved.tolist(), gone[:, 1].tolist(), strict=True) if column in place
    )
    return np.array(kept, np.int64).reshape(-1, 2)


def build_fields(raw: Mapping[str, Matrix], actions: Actions, lanes: int = LANES) -> dict[str, Tiles]:
    """Return every field of a panel from raw (time, instrument) matrices.

    `raw` maps `close` and, where there are any, `open high low volume turnover` to matrices of one shape. Without
    actions the adjusted fields are the same arrays as the raw ones.
    """
    fields = {(name if name == "turnover" else f"raw_{name}"): to_tiles(matrix, lanes) for name, matrix in raw.items()}
    if len(actions) == 0:
        return fields | {name: fields[f"raw_{name}"] for name in ADJUSTED_FIELDS if name in raw}
    price, shares = forward_factors(raw["close"], actions)
    adjusted = {name: to_tiles(raw[name] * price, lanes) for name in ("open", "high", "low", "close") if name in raw}
    if "volume" in raw:
        adjusted["volume"] = to_tiles(raw["volume"] / shares, lanes)
    return fields | adjusted
