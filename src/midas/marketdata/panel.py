"""A dataset as dense arrays, ready to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from midas.core.basis import Basis
from midas.core.errors import DataBlocked, InvalidInput
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata.actions import Actions, forward_factors
from midas.marketdata.known import KNOWN, known_tiles
from midas.marketdata.tiles import LANES, Matrix, Tiles, to_matrix, to_tiles
from midas.venues.catalogue import venue

ADJUSTED_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Panel:
    """All bars of some instruments on one time axis.

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

    @property
    def rows(self) -> int:
        return len(self.sessions)

    @property
    def columns(self) -> int:
        return len(self.instruments)

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
                return known_tiles(name, place, self.instruments, self.sessions)
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
        """Return a panel of the given columns, in their order, on the same time axis.

        Raises
        ------
        InvalidInput: no column is given.
        """
        chosen = list(columns)
        if not chosen:
            raise InvalidInput("A panel needs an instrument.", hint="Name one or more.", code="no_instruments")
        if chosen == list(range(self.columns)):
            return self
        position = {column: place for place, column in enumerate(chosen)}
        keep = np.isin(self.actions.instrument, chosen)
        actions = Actions(
            self.actions.row[keep],
            np.array([position[int(c)] for c in self.actions.instrument[keep]], dtype=np.int64),
            self.actions.kind[keep],
            self.actions.value[keep],
        )
        gathered: dict[int, Tiles] = {}
        fields: dict[str, Tiles] = {}
        for name, tiles in self.fields.items():
            if id(tiles) not in gathered:
                strips = [tiles[c // LANES, :, c % LANES] for c in chosen]
                gathered[id(tiles)] = to_tiles(np.stack(strips, axis=1))
            fields[name] = gathered[id(tiles)]
        return Panel(
            self.dataset, self.version, self.venue, self.timeframe, self.basis, self.currency,
            tuple(self.instruments[c] for c in chosen), self.sessions, fields, actions,
        )  # fmt: skip


def build_fields(raw: Mapping[str, Matrix], actions: Actions) -> dict[str, Tiles]:
    """Return every field of a panel from raw (time, instrument) matrices.

    `raw` maps `close` and, where there are any, `open high low volume turnover` to matrices of one shape. Without
    actions the adjusted fields are the same arrays as the raw ones.
    """
    fields = {(name if name == "turnover" else f"raw_{name}"): to_tiles(matrix) for name, matrix in raw.items()}
    if len(actions) == 0:
        return fields | {name: fields[f"raw_{name}"] for name in ADJUSTED_FIELDS if name in raw}
    price, shares = forward_factors(raw["close"], actions)
    adjusted = {name: to_tiles(raw[name] * price) for name in ("open", "high", "low", "close") if name in raw}
    if "volume" in raw:
        adjusted["volume"] = to_tiles(raw["volume"] / shares)
    return fields | adjusted
